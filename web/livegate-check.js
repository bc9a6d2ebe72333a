// `<livegate-check>`: a liveness check in a page. https://livegate.example is your service; docs/web.md says more.

import { LivegateCheck, setFilesFolder } from "./src/element.js";

setFilesFolder(new URL(".", import.meta.url));
if (!customElements.get("livegate-check")) customElements.define("livegate-check", LivegateCheck);

export { LivegateCheck };
