/** Light events from waveforms one by one: what is close in both clocks belongs together. Knows waveforms, no files. */
import { createEvent, placeWaveform, PPS_NS, slotOf } from './light-event.ts';
import type { EventShape, LightEvent, Waveform } from './light-event.ts';

export interface LightWindows {
  /** ms, included. */
  utimeMs: number;
  /** ns, included. */
  taiNs: number;
}

/** Makes events of waveforms that come in the order of the file. */
export interface LightEventBuilder {
  add(waveform: Waveform): void;
  /** The file has ended. */
  end(): void;
  /** Waveforms that are in no event, after the end. */
  lost: number;
}

/** An ADC that stays behind by more than this does not hold up the others. */
const LAG_MS = 60_000;

interface Open {
  event: LightEvent;
  /** `tai_ns` of the first waveform, and the sum of the differences to it around the second. */
  tai: number;
  around: number;
}

/** From -PPS_NS / 2 to PPS_NS / 2: how far b is behind a on the circle of a second. */
function aroundSecond(a: number, b: number): number {
  const d = (b - a) % PPS_NS;
  return d > PPS_NS / 2 ? d - PPS_NS : d < -PPS_NS / 2 ? d + PPS_NS : d;
}

/**
 * A waveform joins the nearest event with |utime - mean| and |tai - mean| inside the windows (tai around the second, so that an event
 * over a PPS is one) and its slot free; else it begins a new one. An event is complete when every ADC has gone on by two windows.
 * Events come out in the order of their first waveforms.
 * @param adcOf index of the ADC of a serial number
 */
export function waveformEvents(
  shape: EventShape,
  windows: LightWindows,
  adcOf: (sn: number) => number,
  emit: (event: LightEvent) => void,
): LightEventBuilder {
  let open: Open[] = [];
  const latest = new Map<number, number>();
  const closeBefore = (time: number): void => {
    let n = 0;
    while (n < open.length && open[n]!.event.utimeSum / open[n]!.event.n < time) n++;
    for (const { event } of open.slice(0, n)) emit(event);
    if (n > 0) open = open.slice(n);
  };
  return {
    lost: 0,
    add(waveform) {
      const adc = adcOf(waveform.sn);
      const slot = slotOf(adc, waveform.ch, shape);
      let best: Open | undefined;
      let least = Infinity;
      for (const one of open) {
        const { event } = one;
        const utime = Math.abs(waveform.utimeMs - event.utimeSum / event.n);
        const mean = one.tai + one.around / event.n;
        const tai = Math.abs(aroundSecond(mean, waveform.taiNs));
        if (utime > windows.utimeMs || tai > windows.taiNs || event.valid[slot] === 1) continue;
        const far = utime / (windows.utimeMs || 1) + tai / (windows.taiNs || 1);
        if (far >= least) continue;
        [best, least] = [one, far];
      }
      if (best === undefined) {
        best = { event: createEvent(shape), tai: waveform.taiNs, around: 0 };
        open.push(best);
      }
      placeWaveform(best.event, adc, slot, waveform);
      best.around += aroundSecond(best.tai, waveform.taiNs);
      latest.set(waveform.sn, Math.max(latest.get(waveform.sn) ?? 0, waveform.utimeMs));
      const times = [...latest.values()];
      const newest = Math.max(...times);
      closeBefore(Math.min(...times.filter((t) => t >= newest - LAG_MS)) - 2 * windows.utimeMs);
    },
    end: () => closeBefore(Infinity),
  };
}
