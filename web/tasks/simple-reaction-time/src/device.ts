/** What the task ran on, because a screen's rate and a browser's kind show in reaction times. */

export interface Device {
  user_agent: string;
  brands: string[];
  platform: string | null;
  platform_version: string | null;
  model: string | null;
  mobile: boolean | null;
  screen: { width: number; height: number; pixel_ratio: number };
  window: { width: number; height: number };
  touch_points: number;
  /** Measured; none when no frames came. */
  refresh_hz: number | null;
}

interface ClientHints {
  brands?: { brand: string; version: string }[];
  mobile?: boolean;
  platform?: string;
  getHighEntropyValues?: (names: string[]) => Promise<{ platformVersion?: string; model?: string }>;
}

const FRAMES = 40;
const FRAMES_LIMIT_MS = 2_000;

export async function readDevice(): Promise<Device> {
  const hints = (navigator as Navigator & { userAgentData?: ClientHints }).userAgentData;
  const detail = await hints?.getHighEntropyValues?.(["platformVersion", "model"]).catch(() => ({}));
  return {
    user_agent: navigator.userAgent,
    brands: hints?.brands?.map(({ brand, version }) => `${brand} ${version}`) ?? [],
    platform: hints?.platform ?? null,
    platform_version: (detail as { platformVersion?: string } | undefined)?.platformVersion ?? null,
    model: (detail as { model?: string } | undefined)?.model ?? null,
    mobile: hints?.mobile ?? null,
    screen: { width: screen.width, height: screen.height, pixel_ratio: devicePixelRatio },
    window: { width: innerWidth, height: innerHeight },
    touch_points: navigator.maxTouchPoints,
    refresh_hz: refreshRate(await frameTimes()),
  };
}

/** Frames a second by the median distance of frames, which a single late frame does not move. */
export function refreshRate(times: readonly number[]): number | null {
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? time));
  const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return median === undefined || median <= 0 ? null : Math.round(10_000 / median) / 10;
}

function frameTimes(): Promise<number[]> {
  return new Promise((resolve) => {
    const times: number[] = [];
    // A hidden page gets no frames; the record is then empty, not late.
    const limit = setTimeout(() => resolve(times), FRAMES_LIMIT_MS);
    const frame = (time: number) => {
      times.push(time);
      if (times.length <= FRAMES) return void requestAnimationFrame(frame);
      clearTimeout(limit);
      resolve(times);
    };
    requestAnimationFrame(frame);
  });
}
