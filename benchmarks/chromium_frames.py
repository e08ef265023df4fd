"""What Chromium shows of a video: size, length, and the pictures at some of its seconds, with the boxes over them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page

from analysis.types import Float32, Image

PICTURE_SIDE = 640
OPEN_FILE = """async () => {
  const video = document.querySelector('video');
  video.src = URL.createObjectURL(document.querySelector('input').files[0]);
  const ready = new Promise((done) => video.addEventListener('loadeddata', () => done('')));
  const failed = new Promise((done) => video.addEventListener('error', () => done(video.error.message || 'error')));
  const tired = new Promise((done) => setTimeout(() => done('nothing happened'), 8000));
  return Promise.race([ready, failed, tired]);
}"""
FACTS = """() => {
  const video = document.querySelector('video');
  return {width: video.videoWidth, height: video.videoHeight, length_s: video.duration};
}"""
SEEK = """async ({time, wait}) => {
  const video = document.querySelector('video');
  const paused = (ms) => new Promise((done) => setTimeout(() => done(null), ms));
  let [media, isOver] = [null, false];
  const watch = () => video.requestVideoFrameCallback((_, frame) => {
    media = frame.mediaTime;
    if (!isOver) watch();
  });
  watch();
  const sought = new Promise((done) => video.addEventListener('seeked', done, {once: true}));
  video.currentTime = time;
  await Promise.race([sought, paused(8000)]);
  await paused(wait);
  isOver = true;
  const area = video.getBoundingClientRect();
  const fit = Math.min(area.width / video.videoWidth, area.height / video.videoHeight);
  const [width, height] = [video.videoWidth * fit, video.videoHeight * fit];
  const [left, top] = [area.left + (area.width - width) / 2, area.top + (area.height - height) / 2];
  const boxes = [...document.querySelectorAll('.face-box')].map((box) => {
    const at = box.getBoundingClientRect();
    return [(at.left - left) / width, (at.top - top) / height, (at.right - left) / width, (at.bottom - top) / height];
  });
  return {time: media ?? video.currentTime, boxes, picture: window.drawn(video)};
}"""
PLAY = """async ({times, within}) => {
  const video = document.querySelector('video');
  const frames = [];
  const waiting = [...times];
  const over = new Promise((done) => {
    setTimeout(done, within * 1000);
    video.addEventListener('ended', done, {once: true});
    const look = (_, frame) => {
      if (frame.mediaTime >= waiting[0]) {
        waiting.shift();
        frames.push({time: frame.mediaTime, boxes: [], picture: window.drawn(video)});
      }
      if (waiting.length) video.requestVideoFrameCallback(look);
      else done();
    };
    video.requestVideoFrameCallback(look);
  });
  video.playbackRate = Math.max(1, Math.min(8, times.at(-1) / within * 1.5));
  // One picture ends before it plays.
  await Promise.race([video.play().catch(() => null), over]);
  await over;
  video.pause();
  return frames;
}"""
DRAW = """(side) => {
  window.drawn = (video) => {
    const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').split(',')[1];
  };
}"""
PLAY_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class ShownFacts:
    """What a player says of a video; `length_s` may be infinite."""

    width: int
    height: int
    length_s: float


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """What a player shows once it was sent to a second."""

    time_s: float
    """Of the picture, as the browser counts, or where it stands."""
    image_bgr: Image
    boxes: Float32
    """Drawn over the picture `(n, 4)`, in shares of its sides."""


def open_file(page: Page, path: Path) -> str:
    """Opens a file of this machine as a video in an empty page; returns what is wrong, "" for nothing."""
    page.goto("about:blank")
    page.set_content("<input type=file><video muted style='width: 640px; height: 480px'></video>")
    page.set_input_files("input", path)
    return str(page.evaluate(OPEN_FILE))


def shown_facts(page: Page) -> ShownFacts:
    """Returns what the page's player says of its video."""
    facts: dict[str, Any] = page.evaluate(FACTS)
    return ShownFacts(facts["width"], facts["height"], float(facts["length_s"] or np.inf))


def shown_frames(page: Page, times_s: Sequence[float], wait_ms: int = 300) -> list[ShownFrame]:
    """Returns what the page's player shows when it is sent to each second; waits so long for what is drawn over it."""
    page.evaluate(DRAW, PICTURE_SIDE)
    return [_frame(page.evaluate(SEEK, {"time": time_s, "wait": wait_ms})) for time_s in times_s]


def played_frames(page: Page, path: Path, times_s: Sequence[float]) -> list[ShownFrame]:
    """Opens a file and returns what is shown at rising seconds while it plays: this needs no index."""
    if open_file(page, path):
        return []
    page.evaluate(DRAW, PICTURE_SIDE)
    return [_frame(said) for said in page.evaluate(PLAY, {"times": list(times_s), "within": PLAY_WITHIN_S})]


def _frame(said: dict[str, Any]) -> ShownFrame:
    picture = np.frombuffer(base64.b64decode(said["picture"]), np.uint8)
    image = np.asarray(cv2.imdecode(picture, cv2.IMREAD_COLOR), np.uint8)
    return ShownFrame(float(said["time"]), image, np.array(said["boxes"], np.float32).reshape(-1, 4))
