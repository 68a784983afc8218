/** Light events as upstream builds them from waveforms, known losses included. Knows waveforms, no files. */
import { createEvent, placeWaveform, slotOf } from './light-event.ts';
import type { EventShape, LightEvent, Waveform } from './light-event.ts';
import type { LightEventBuilder, LightWindows } from './waveform-events.ts';

/** Further apart than this in tai_ns, a PPS is thought to lie between. */
const ROLLOVER_NS = 1e8;
/** Further apart than this in utime_ms, tai_ns says nothing. */
const APART_MS = 500;

/**
 * One queue per ADC; while none is empty their heads are placed (module0_flow, LightEventGenerator). An event that is open when one
 * of them runs dry at the end of the file, and what waits in the others, is lost; a missing ADC lets the other one run ahead.
 */
export function upstreamEvents(
  shape: EventShape,
  windows: LightWindows,
  adcOf: (sn: number) => number,
  emit: (event: LightEvent) => void,
): LightEventBuilder {
  const queues = new Map<number, { waiting: Waveform[]; next: number }>();
  let event = createEvent(shape);
  let taiSum = 0;
  const heads = (): Waveform[] | undefined => {
    const found: Waveform[] = [];
    for (const { waiting, next } of queues.values()) {
      if (next === waiting.length) return undefined;
      found.push(waiting[next]!);
    }
    return found.length === 0 ? undefined : found;
  };
  const slot = ({ sn, ch }: Waveform): number => slotOf(adcOf(sn), ch, shape);

  /** The head that joins the open event, or none. */
  const joining = (all: readonly Waveform[]): Waveform | undefined =>
    all.find(
      (head) =>
        Math.abs(head.utimeMs - event.utimeSum / event.n) <= windows.utimeMs &&
        Math.abs(head.taiNs - taiSum / event.n) <= windows.taiNs &&
        event.valid[slot(head)] === 0,
    );

  const take = (head: Waveform): void => {
    placeWaveform(event, adcOf(head.sn), slot(head), head);
    taiSum += head.taiNs;
    const queue = queues.get(head.sn)!;
    queue.next++;
    if (queue.next < 64 || 2 * queue.next < queue.waiting.length) return;
    queue.waiting = queue.waiting.slice(queue.next);
    queue.next = 0;
  };

  /** Places heads until a queue is empty or the event is closed; false when nothing could be done. */
  const step = (): boolean => {
    let all = heads();
    if (all === undefined) return false;
    for (; all !== undefined; all = heads()) {
      const head = event.n === 0 ? firstOf(all) : joining(all);
      if (head === undefined) {
        emit(event);
        event = createEvent(shape);
        taiSum = 0;
        return true;
      }
      take(head);
    }
    return true;
  };

  const builder: LightEventBuilder = {
    lost: 0,
    add(waveform) {
      const queue = queues.get(waveform.sn);
      if (queue === undefined) queues.set(waveform.sn, { waiting: [waveform], next: 0 });
      else queue.waiting.push(waveform);
      step();
    },
    end() {
      while (step());
      builder.lost = event.n;
      for (const { waiting, next } of queues.values()) builder.lost += waiting.length - next;
    },
  };
  return builder;
}

/** The head that begins an event: the earliest in its second, unless a PPS or a long time seems to lie between them. */
function firstOf(heads: readonly Waveform[]): Waveform {
  const byTai = [...heads].sort((a, b) => a.taiNs - b.taiNs);
  const gaps = (far: (a: Waveform, b: Waveform) => boolean): boolean =>
    byTai.some((head, i) => i > 0 && far(byTai[i - 1]!, head));
  const utimeGap = (a: Waveform, b: Waveform): number => Math.abs(b.utimeMs - a.utimeMs);
  if (gaps((a, b) => b.taiNs - a.taiNs > ROLLOVER_NS) && gaps((a, b) => utimeGap(a, b) < APART_MS))
    return byTai.at(-1)!;
  if (gaps((a, b) => utimeGap(a, b) > APART_MS))
    return [...heads].sort((a, b) => a.utimeMs - b.utimeMs)[0]!;
  return byTai[0]!;
}
