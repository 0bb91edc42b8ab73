#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser: 100,000 events, a narrow and a wide window, light and dark.

chromedriver is spoken to in its own protocol (WebDriver, https://www.w3.org/TR/webdriver2/), without a library.
--pictures DIR keeps what the browser shows.
"""

import argparse
import base64
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

SKIPPED = 77
EVENTS = 100_000
DAY = 86400
WINDOWS = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ["light", "dark"]
programs = None  # directory of deja
pictures = None  # where pictures are kept; None: they are not

REASONS = ["new", "changed: file <cwd>/include/config.h", "changed: variable CPATH, which was not set",
           "changed: <cwd>/include/" + "a/very/long/name" * 6 + ".h, which was not there", "evicted"]
TOOLS = ["/usr/bin/gcc", "/usr/bin/g++", "/usr/bin/clang-19", "/usr/bin/rustc", "/usr/bin/ld"]


def event(random_numbers, ended):
    """One line of a journal, as docs/event.schema.json has it."""
    kind = random_numbers.choices(["hit", "miss", "bypass", "failure"], [80, 14, 4, 2])[0]
    ran = kind != "hit"
    source = f"src/part{random_numbers.randrange(40)}/source{random_numbers.randrange(900)}.cc"
    key = f"{random_numbers.getrandbits(256):064x}"
    reason = {"hit": "", "miss": random_numbers.choice(REASONS), "bypass": "unsupported_option",
              "failure": "exit code 1"}[kind]
    cost = random_numbers.randrange(5_000, 3_000_000)
    return {"time": round(ended, 6), "outcome": kind, "dup": False, "remote": kind == "hit" and ended % 7 < 1,
            "prefetched": False, "reason": reason, "tool": random_numbers.choice(TOOLS), "what": source,
            "output": source + ".o", "cwd": "/home/someone/projects/<script>alert(1)</script>", "probe_key": key,
            "action_key": key, "tool_runs": int(ran), "elapsed_us": cost + 900 if ran else 400, "cost_us": cost,
            "phases": {"look_up": 90, "run": cost + 200, "publish": 600} if ran else {"place": 200},
            "bytes": random_numbers.randrange(900_000), "evidence": "interposer",
            "not_stored": "clock_read" if kind == "miss" and cost % 11 == 0 else "", "detail": ""}


def write_journal(cache):
    numbers = random.Random(1)
    end = time.time() - 60
    directory = cache / "journal"
    directory.mkdir(parents=True)
    with open(directory / "events.jsonl", "w", encoding="ascii") as out:
        for i in range(EVENTS):
            line = json.dumps(event(numbers, end - 2 * DAY * (EVENTS - i) / EVENTS), separators=(",", ":"))
            out.write(line + "\n")
    (cache / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")


class Browser:
    """A headless Chromium behind chromedriver."""

    def __init__(self, place):
        with open(place / "chromedriver.log", "w+", encoding="utf-8") as log:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=subprocess.STDOUT)
            self.base = f"http://127.0.0.1:{self.port(log)}"
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                            "--disable-dev-shm-usage",  # small in containers
                            f"--user-data-dir={place / 'profile'}"]}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options,
                                                   "goog:loggingPrefs": {"browser": "ALL"}}}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", wanted)["sessionId"]

    def port(self, log):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.driver.poll() is None:
            log.seek(0)
            found = re.search(r"started successfully on port (\d+)", log.read())
            if found:
                return int(found.group(1))
            time.sleep(0.05)
        log.seek(0)
        raise RuntimeError("chromedriver did not start: " + log.read())

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + self.session + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with without_proxy.open(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def command(self, name, **parameters):  # of the DevTools protocol
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def show(self, page, window, scheme):
        width, height = WINDOWS[window]
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=window == "phone")
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("POST", "/url", {"url": page.as_uri()})

    def ask(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


# Elements that reach out of the page to the right, unless something around them scrolls.
OVERFLOWING = """
const scrolls = e => { for (; e; e = e.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX))
  return true; return false; };
return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&
  !scrolls(e.parentElement)).map(e => e.tagName + ': ' + e.textContent.slice(0, 60));
"""
# Texts whose contrast with what is behind them is below 4.5 (WCAG 2.1, 1.4.3).
FAINT = """
const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => { const f = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length === 3 || c[3] > 0.9) return c; } return [255, 255, 255]; };
const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
return [...document.querySelectorAll('body, body *')].filter(e => own(e) && !(e instanceof SVGElement)).map(e => {
  const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim().slice(0, 40)];
}).filter(([contrast]) => contrast < 4.5);
"""
# Words of at most 12 letters that are cut in two.
CUT = """
const cut = [];
for (const cell of document.querySelectorAll('td, th')) {
  const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) for (const m of n.textContent.matchAll(/[a-z]+/g)) {
    const r = document.createRange();
    r.setStart(n, m.index); r.setEnd(n, m.index + m[0].length);
    if (m[0].length <= 12 && new Set([...r.getClientRects()].map(b => b.top)).size > 1) cut.push(m[0]);
  }
}
return cut;
"""


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="deja-page-"))
        cls.page = cls.place / "report.html"
        write_journal(cls.place / "cache")
        env = {"PATH": "/usr/bin:/bin", "HOME": str(cls.place), "DEJA_DIR": str(cls.place / "cache"), "TZ": "UTC"}
        subprocess.run([programs / "deja", "report", "--all", "--html", cls.page], check=True, env=env, cwd=cls.place)
        cls.browser = Browser(cls.place)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.place)

    def each(self):
        """Shows the page in each way, one after the other."""
        for window in WINDOWS:
            for scheme in SCHEMES:
                self.browser.show(self.page, window, scheme)
                yield f"{window}-{scheme}"

    def test_all_events_are_counted(self):
        self.browser.show(self.page, "desktop", "light")
        self.assertIn(f"{EVENTS} commands", self.browser.ask("return document.body.innerText"))

    def test_nothing_is_fetched(self):
        for way in self.each():
            names = self.browser.ask("return performance.getEntriesByType('resource').map(e => e.name)")
            self.assertEqual(names, [], way)

    def test_nothing_goes_wrong(self):
        for way in self.each():
            self.assertEqual(self.browser.call("POST", "/se/log", {"type": "browser"}), [], way)

    def test_text_is_text(self):
        self.browser.show(self.page, "desktop", "light")
        self.assertEqual(self.browser.ask("return document.querySelectorAll('script').length"), 0)
        self.assertIn("<script>alert(1)</script>", self.browser.ask("return document.body.innerText"))

    def test_it_fits(self):
        for way in self.each():
            self.assertEqual(self.browser.ask("return document.documentElement.scrollWidth - innerWidth"), 0, way)
            self.assertEqual(self.browser.ask(OVERFLOWING), [], way)

    def test_charts_are_drawn(self):
        for way in self.each():
            widths = self.browser.ask("return [...document.querySelectorAll('svg.chart')].map(e => "
                                      "e.getBoundingClientRect().width)")
            self.assertEqual(len(widths), 2, way)
            self.assertGreater(min(widths), 300, way)
            columns = self.browser.ask("return [...document.querySelectorAll('svg.chart rect.hit')].filter(e => "
                                       "e.getBoundingClientRect().height > 20).length")
            self.assertGreater(columns, 30, way)

    def test_words_are_not_cut(self):
        """A short word of a table stays on one line."""
        for way in self.each():
            cut = self.browser.ask(CUT)
            self.assertEqual(cut, [], way)

    def test_text_can_be_read(self):
        for way in self.each():
            self.assertEqual(self.browser.ask(FAINT), [], way)

    def test_dark_is_dark(self):
        shades = {}
        for way in self.each():
            shades[way.split("-")[1]] = self.browser.ask("return getComputedStyle(document.documentElement).colorScheme + "
                                              "getComputedStyle(document.body).backgroundColor")
            if pictures:
                self.browser.picture(pictures / f"{way}.png")
        self.assertNotEqual(shades["light"], shades["dark"])


def main():
    global programs, pictures
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="directory of deja")
    parser.add_argument("--pictures", type=pathlib.Path, help="keep pictures in this directory")
    arguments, rest = parser.parse_known_args()
    programs, pictures = arguments.programs.resolve(), arguments.pictures
    for program in ("chromedriver", "chromium"):
        if shutil.which(program) is None:
            print(f"SKIPPED: {program} is not installed; ./dev test installs it")
            sys.exit(SKIPPED)
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == "__main__":
    main()
