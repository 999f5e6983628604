import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TOPICS } from "../api/query";
import { follow, type Stream } from "./follow";

/** A stream that each test plays. */
class Played implements Stream {
  readyState = 0;
  close = vi.fn();
  private hearers = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(name: string, hear: (event: MessageEvent<string>) => void) {
    this.hearers.set(name, hear);
  }
  emit(name: string, data = "") {
    this.hearers.get(name)?.({ data } as MessageEvent<string>);
  }
}

const read = vi.fn<(topics: readonly string[]) => void>();
const tell = vi.fn<(live: boolean) => void>();
const refused = vi.fn<() => void>();

function begin() {
  const streams: Played[] = [];
  const open = () => {
    const stream = new Played();
    streams.push(stream);
    return stream;
  };
  const following = follow({ open, read, tell, refused });
  return { following, streams, last: () => streams.at(-1) as Played };
}

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  for (const mock of [read, tell, refused]) mock.mockClear();
});

test("a change is read again, and the first connection alone reads nothing twice", () => {
  const { following, last } = begin();
  last().emit("open");
  expect(read).not.toHaveBeenCalled();
  last().emit("change", '{"sequence":1,"topics":["visits"]}');
  expect(read.mock.calls).toEqual([[["visits"]]]);
  following.stop();
});

test("after a lost stream everything is read again", () => {
  const { following, last } = begin();
  last().emit("open");
  last().emit("error");
  expect(tell).toHaveBeenLastCalledWith(false);
  last().emit("open");
  expect(read.mock.calls).toEqual([[TOPICS]]);
  expect(tell).toHaveBeenLastCalledWith(true);
  following.stop();
});

test("while the stream is lost the pages ask twice a minute, the board does not, and found again nobody asks", () => {
  const { following, last } = begin();
  last().emit("open");
  last().emit("error");
  vi.advanceTimersByTime(60_000);
  expect(read).toHaveBeenCalledTimes(2);
  expect(read.mock.calls[0]?.[0]).toContain("events");
  expect(read.mock.calls[0]?.[0]).not.toContain("board");
  last().emit("open");
  read.mockClear();
  vi.advanceTimersByTime(120_000);
  expect(read).not.toHaveBeenCalled();
  following.stop();
});

test("a refused stream is opened again after a while, and the refusal is told once", () => {
  const { following, streams, last } = begin();
  for (let time = 0; time < 2; time++) {
    last().readyState = 2;
    last().emit("error");
    vi.advanceTimersByTime(5000);
  }
  expect([streams.length, refused.mock.calls.length]).toEqual([3, 1]);
  following.stop();
  vi.advanceTimersByTime(60_000);
  expect(streams.length).toBe(3);
});

test("a tab that nobody sees gives its stream back, and reads everything again when it is seen", () => {
  const { following, streams, last } = begin();
  last().emit("open");
  following.look(true);
  expect(last().close).toHaveBeenCalledOnce();
  following.look(false);
  last().emit("open");
  expect(streams.length).toBe(2);
  expect(read.mock.calls).toEqual([[TOPICS]]);
  following.stop();
});
