/**
 * Shows a push while the page of an attorney or a coordinator is closed. A push says one word; what is shown for it was
 * left here by the page that subscribed. It keeps no page and sees no request of one.
 */

const WORDS = "/duty/push-words";

async function show(word) {
  const kept = await caches.match(WORDS);
  const words = kept ? await kept.json() : {};
  await self.registration.showNotification("Accompany", {
    body: words[word] ?? words["ring"] ?? "",
    tag: word,
    renotify: true,
    requireInteraction: word !== "test",
  });
}

/** An alarm is the coordinators'; everything else waits on the attorney's page. */
async function open(word) {
  const path = word === "alarm" ? "/desk" : "/duty";
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => new URL(one.url).pathname === path);
  await (page ? page.focus() : self.clients.openWindow(path));
}

self.addEventListener("push", (event) => {
  const { type } = event.data?.json() ?? {};
  event.waitUntil(show(["ring", "missed", "alarm", "surge", "test"].includes(type) ? type : "ring"));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.tag));
});
