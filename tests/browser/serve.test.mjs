// Tries the server's page in a real browser: node --test serve.test.mjs; it starts `stance serve` itself ($PYTHON -m stance).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { becomes } from "./becomes.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 360, height: 740 }, DESKTOP = { width: 1200, height: 900 };
const ROOT = new URL("../..", import.meta.url).pathname;
const FOLDER = mkdtempSync(join(tmpdir(), "stance-serve-"));
const LABELS = join(FOLDER, "labels.jsonl");
const TEXT = "A shield, not a bill\n\nBy Ann Lee\n\nNATO has kept the peace on this coast for three generations, and it deserves our thanks.\n\nThe White House announced the tariffs at midnight; no ally should be treated like a tenant behind on the rent.\n\nThe herring came early this year. Prices fell accordingly, and the harbour was full.\n";
let browser, server, address;

before(async () => {
  const options = ["-m", "stance", "serve", "--port", "0", "--model", "small", "--annotations", LABELS, "--max-bytes", "200000"];
  server = spawn(process.env.PYTHON || "python3", options, { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  address = await new Promise((found, failed) => {
    let told = "";
    server.stderr.on("data", (data) => {
      told += data;
      const match = /open (http:\S+) in a browser/.exec(told);
      if (match) found(match[1]);
    });
    server.on("exit", () => failed(new Error(told)));
  });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  server.kill();
});

// The start page, with all that it complains of and whatever it asks of others.
async function open({ viewport = DESKTOP, scheme = "light", script = true } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: scheme, javaScriptEnabled: script, acceptDownloads: true });
  const page = await context.newPage();
  const problems = [], elsewhere = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => request.url().startsWith(address) || elsewhere.push(request.url()));
  await page.goto(address);
  return { page, problems, elsewhere, close: () => context.close() };
}

async function judge(page, text = TEXT) {
  await page.fill("#text", text);
  await page.click("button.main");
  await page.waitForURL("**/documents/*");
}

async function violations(page) {
  await page.evaluate(AXE + ";0");
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations
    .filter((item) => ["serious", "critical"].includes(item.impact))
    .map((item) => `${item.id}: ${item.nodes[0].target} (${item.nodes.length})`);
}

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
}

async function download(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(`.links a[href$="${name}"]`)]);
  assert.equal(file.suggestedFilename(), name);
  return readFileSync(await file.path(), "utf8");
}

test("a text is pasted, judged, a label corrected, and all downloaded", async () => {
  const { page, problems, elsewhere, close } = await open();
  await page.fill("#annotator", "Ann");
  await judge(page);
  assert.equal(await page.textContent("h1"), "A shield, not a bill");
  assert.equal(await page.locator("article p.body").count(), 3);
  assert.match(await page.locator("#d0p1 .badge:visible").textContent(), /favor/);
  await page.locator("#t1").check({ force: true }); // toward the US
  const fix = page.locator("#d0p2 + details");
  await fix.locator("summary").click();
  await fix.locator("fieldset:visible label", { hasText: "neutral" }).click();
  await fix.locator("button:visible").click();
  await page.waitForURL("**/documents/*saved=2*");
  await becomes(() => page.locator("#t1").isChecked(), true);
  await becomes(async () => /Your label: ● neutral/.test(await page.locator("#d0p2 + details summary span:visible").first().textContent()), true);
  await becomes(async () => /neutral.* of paragraph 2$/.test(await page.evaluate(() => document.activeElement.textContent)), true);
  const [saved] = readFileSync(LABELS, "utf8").trim().split("\n").map(JSON.parse);
  assert.deepEqual([saved.annotator, saved.labels], ["Ann", { US: "neutral" }]);
  assert.ok(saved.text.startsWith("The White House announced"));
  assert.deepEqual(JSON.parse(await download(page, "labels.jsonl")).labels, { US: "neutral" });
  const rows = (await download(page, "stances.jsonl")).trim().split("\n").map(JSON.parse);
  assert.deepEqual(rows.map((row) => row.stances.NATO.label), ["favor", "absent", "absent"]);
  assert.match(await download(page, "stances.csv"), /^document,id,index,start,end,text,NATO,NATO_favor/);
  assert.match(await download(page, "report.html"), /form-action 'none'/);
  assert.deepEqual(problems, []);
  assert.deepEqual(elsewhere, []);
  await close();
});

test("a file is judged, a wrong one and too large a one are refused in words", async () => {
  const { page, close } = await open();
  const give = async (name, buffer) => {
    await page.goto(address);
    await page.setInputFiles("#file", { name, mimeType: "application/octet-stream", buffer });
    await page.click("button.main");
  };
  await give("view.html", Buffer.from(`<html><body><article><h1>A view</h1><p>${TEXT.split("\n\n")[2]}</p><p>${TEXT.split("\n\n")[3]}</p></article></body></html>`));
  await page.waitForURL("**/documents/*");
  assert.match(await page.textContent("article"), /view\.html/);
  await give("program.exe", Buffer.from("MZ\0\0"));
  await becomes(async () => /program\.exe: expected a file named \.txt/.test(await page.locator("[role=alert]").textContent()), true);
  await give("large.txt", Buffer.alloc(3_000_000, "NATO met. "));
  await becomes(() => page.textContent("h1"), "That is too large");
  assert.match(await page.locator("[role=alert]").textContent(), /at most 200,000 bytes/);
  await page.goBack();
  await becomes(() => page.locator("#text").isVisible(), true);
  await close();
});

test("the whole way by keyboard", async () => {
  const { page, close } = await open();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.focus("#text");
  await page.keyboard.insertText(TEXT);
  const at = () => page.evaluate(() => document.activeElement.id || document.activeElement.value || document.activeElement.textContent);
  const seen = [];
  do {
    await page.keyboard.press("Tab");
    seen.push(await at());
  } while (!seen.includes("Judge") && seen.length < 20);
  for (const name of ["file", "NATO", "further", "model", "annotator", "Judge"]) assert.ok(seen.includes(name), `${name} in ${seen}`);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/documents/*");
  await page.locator("#d0p1 + details summary").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Save");
  await page.keyboard.press("Enter");
  await page.waitForURL("**saved=1*");
  await becomes(async () => /Your label: ▼ against/.test(await page.locator("#d0p1 + details summary span:visible").first().textContent()), true);
  await close();
});

test("without scripts it works as well", async () => {
  const { page, close } = await open({ script: false });
  await judge(page);
  const fix = page.locator("#d0p3 + details");
  await fix.locator("summary").click();
  await fix.locator("button:visible").click(); // the model's label is confirmed
  await page.waitForURL("**saved=3*");
  await becomes(async () => /Your label: · absent/.test(await fix.locator("summary span:visible").first().textContent()), true);
  await close();
});

for (const scheme of ["light", "dark"]) {
  for (const viewport of [DESKTOP, PHONE]) {
    test(`no serious violation, ${scheme}, ${viewport.width} wide`, async () => {
      const { page, problems, close } = await open({ viewport, scheme });
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(paper, scheme === "dark" ? "rgb(22, 24, 27)" : "rgb(253, 253, 251)");
      assert.deepEqual(await violations(page), []);
      await fits(page);
      await judge(page);
      for (const summary of await page.locator(".fix summary").all()) await summary.click();
      assert.deepEqual(await violations(page), []);
      await fits(page);
      await page.goto(`${address}/api`);
      assert.deepEqual(await violations(page), []);
      await fits(page);
      assert.deepEqual(problems, []);
      await page.goto(`${address}/documents/none`);
      assert.deepEqual(await violations(page), []);
      await close();
    });
  }
}

test("a hostile text stays text, and the policy lets no other script pass", async () => {
  const { page, problems, close } = await open();
  const evil = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> NATO said </p></form> so.";
  await judge(page, `${evil}\n\n${evil}`);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(problems, []);
  assert.ok((await page.locator("#d0p1").textContent()).includes("<script>window.hacked = 1</script>"));
  await page.evaluate(() => { const node = document.createElement("script"); node.textContent = "window.hacked = 2"; document.body.append(node); });
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await close();
});

test("another page cannot send, show or read", async () => {
  const { page, close } = await open();
  await page.goto("data:text/html,<title>evil</title>");
  const read = await page.evaluate((place) => fetch(`${place}/api/models`).then(() => "read", () => "refused"), address);
  assert.equal(read, "refused");
  await page.setContent(`<form method=post enctype=multipart/form-data action="${address}/documents"><input name=text value="NATO met."><input name=target value=NATO><button>Go</button></form>`);
  await page.click("button");
  await becomes(() => page.textContent("h1"), "That came from another page");
  await page.goto("about:blank");
  await page.setContent(`<iframe src="${address}/"></iframe>`);
  await page.waitForTimeout(300);
  assert.notEqual(await page.frames()[1].evaluate(() => document.querySelector("h1")?.textContent).catch(() => null), "Where does a text stand?");
  await close();
});
