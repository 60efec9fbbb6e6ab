// What follows an action comes some time after it (a browser sends hashchange and loads pages in turns of its own): read until it is there.
import { deepEqual } from "node:assert/strict";

/** Read until the value is the expected one; after `within` ms the last value is compared, and its difference told. */
export async function becomes(read, expected, within = 5000) {
  for (const end = Date.now() + within; Date.now() < end; await new Promise((next) => setTimeout(next, 20))) {
    try {
      deepEqual(await read(), expected);
      return;
    } catch { /* not yet, or the page is just being changed */ }
  }
  deepEqual(await read(), expected);
}
