#!/bin/sh
# The browser tests need a Chromium or Chrome. Use the one that is there; on Debian or Ubuntu as root, install it.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk
  exit 0
fi
echo "The browser tests need Chromium or Google Chrome." >&2
echo "Debian/Ubuntu: sudo apt-get install chromium   Fedora: sudo dnf install chromium   macOS: brew install --cask google-chrome" >&2
exit 1
