/**
 * Shows a push while the attorney's page is closed. A push says one word; what is shown for it was
 * left here by the page that subscribed. It keeps no page and sees no request of one.
 */

const WORDS = "/duty/push-words";

async function show(word) {
  const kept = await caches.match(WORDS);
  const words = kept ? await kept.json() : {};
  await self.registration.showNotification("Accompany", {
    body: words[word] ?? "",
    tag: word,
    renotify: true,
    requireInteraction: word !== "test",
  });
}

async function open() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => new URL(one.url).pathname === "/duty");
  await (page ? page.focus() : self.clients.openWindow("/duty"));
}

self.addEventListener("push", (event) => {
  const { type } = event.data?.json() ?? {};
  event.waitUntil(show(["ring", "missed", "test"].includes(type) ? type : "ring"));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});
