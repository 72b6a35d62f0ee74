// PeerJS's own server as it comes: `node peerjs.js PORT`
import { PeerServer } from "peer";

PeerServer({ port: Number(process.argv[2]), host: "127.0.0.1", path: "/" }, () => console.log("ready"));
