// Takes pictures: node shoot.mjs PAGE PICTURE [--width N] [--height N] [--dark] [--full] [--target N]
// Of a server: node shoot.mjs http://127.0.0.1:8000 PICTURE --paste FILE [--explain] [--correct N], the result of pasting a text.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { resolve } from "node:path";

const [page_file, picture, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : otherwise);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({
  viewport: { width: Number(option("--width", 1200)), height: Number(option("--height", 900)) },
  colorScheme: rest.includes("--dark") ? "dark" : "light",
});
const page = await context.newPage();
page.on("console", (message) => console.log(message.type(), message.text()));
page.on("pageerror", (error) => console.log("error", error.message));
const [file, hash] = page_file.split("#");
await page.goto(file.startsWith("http") ? page_file : `file://${resolve(file)}${hash ? `#${hash}` : ""}`);
const paste = option("--paste", null), correct = option("--correct", null);
if (paste !== null) {
  await page.fill("#text", readFileSync(paste, "utf8"));
  if (rest.includes("--explain")) await page.check("input[name=explain]");
  await page.click("button.main", { timeout: 300_000 });
  await page.waitForURL("**/documents/*", { timeout: 120_000 });
}
if (correct !== null) {
  await page.locator(`#d0p${correct} + details summary`).click();
  await page.locator(`#d0p${correct} + details button:visible`).click();
  await page.waitForURL("**saved=*");
}
const target = option("--target", null);
if (target !== null) await page.locator(`#t${target}`).check({ force: true });
await page.screenshot({ path: picture, fullPage: rest.includes("--full") });
await browser.close();
