// @tus/server as it comes: one process, the file store, nothing flushed. `node tus.js FOLDER PORT`
import { createServer } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [directory, port] = process.argv.slice(2);
const tus = new Server({ path: "/files", datastore: new FileStore({ directory }) });
createServer(tus.handle.bind(tus)).listen(Number(port), "127.0.0.1", () => console.log("ready"));
