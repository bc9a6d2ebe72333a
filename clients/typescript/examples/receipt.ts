// Verifies a receipt that was stored in a file: node receipt.js FILE
import { readFile } from "node:fs/promises";
import { Livegate } from "livegate";
import { verifyReceipt } from "livegate/receipts";

// Keep a copy: it verifies receipts without the service.
const jwks = await new Livegate(process.env.BASE!).jwks();
const receipt = await readFile(process.argv[2]!, "utf8");
console.log(await verifyReceipt(receipt.trim(), jwks));
