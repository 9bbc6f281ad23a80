"""Headless Chromium, driven by Selenium, with what it says and asks for."""
import base64
import json
import os
import pathlib
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service


class Browser:
    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                         "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:9"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(120)
        self.driver.execute_cdp_cmd("Network.enable", {})

    def close(self):
        self.driver.quit()

    def open(self, path, width=1280, dark=False):
        """How long it took until the page was drawn, in seconds."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=900,
                     deviceScaleFactor=1, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        start = time.monotonic()
        self.driver.get(pathlib.Path(os.path.abspath(path)).as_uri())
        # Drawn: every figure has its drawing, which comes with the first layout.
        self.await_true("""return document.documentElement.dataset.drawn === 'yes' &&
                           [...document.querySelectorAll('.plot')].every((one) => one.querySelector('svg'))""")
        return time.monotonic() - start

    def await_true(self, script):
        deadline = time.monotonic() + 60
        while not self.run(script):
            if time.monotonic() > deadline:
                raise TimeoutError(script + ": " + str(self.said()))
            time.sleep(0.02)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def said(self):
        """What the console has of it: errors, warnings, refusals by the page's own policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requested(self):
        """The address of everything that was asked for, the page itself included."""
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return asked

    def screenshot(self, path):
        height = min(self.run("return document.scrollingElement.scrollHeight"), 16000)
        width = self.run("return innerWidth")
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def print_to(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.command("Page.printToPDF", printBackground=True)["data"]))
