"""A headless Chromium for a machine that has none: the one that the npm package
@sparticuz/chromium carries for x86-64 Linux, with the libraries it needs. It is
fetched once, checked against its pinned hash, and unpacked below `target`."""

import hashlib
import io
import pathlib
import platform
import shutil
import sys
import tarfile
import urllib.request

VERSION = "153.0.0"
SHA512 = (
    "8e2196a92bcf31dbb8f8ff538a562a011ef21063c41c8371fa50af13f36a34ef"
    "c41d8cc5ff1d615222394fa8a8548b7b744cbb9fcf1bcb24f4be4f9d9ec810c0"
)
ADDRESS = f"https://registry.npmjs.org/@sparticuz/chromium/-/chromium-{VERSION}.tgz"
HOME = pathlib.Path(__file__).resolve().parents[2] / "target" / f"chromium-{VERSION}"
BROWSER = HOME / "chromium"


def path():
    """Where the browser lies, fetched if need be; None where it cannot run or be fetched."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    if not HOME.exists():
        try:
            with urllib.request.urlopen(ADDRESS, timeout=300) as answer:
                package = answer.read()
        except OSError as error:
            print(f"no Chromium here, and none could be fetched from {ADDRESS}: {error}", file=sys.stderr)
            return None
        unpack(package)
    return BROWSER


def libraries():
    """The folder with the libraries that this Chromium is to use before the machine's own."""
    return HOME / "lib"


def unpack(package):
    import brotli  # Only here: a machine with a browser of its own needs none of this.

    if hashlib.sha512(package).hexdigest() != SHA512:
        raise SystemExit(f"what {ADDRESS} gave is not what is pinned in tests/report/chromium.py")
    half = HOME.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(package)) as files:
        def part(name):
            return brotli.decompress(files.extractfile(f"package/bin/{name}.br").read())

        for name in ("al2023.tar", "fonts.tar", "swiftshader.tar"):
            tarfile.open(fileobj=io.BytesIO(part(name))).extractall(half, filter="data")
        browser = half / "chromium"
        browser.write_bytes(part("chromium"))
    browser.chmod(0o755)
    half.rename(HOME)
