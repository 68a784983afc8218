/** Task type association/charge_light: external triggers and light events of the same time -> references from triggers and from events to light. */
import { defineTask, TaskError, z, type TaskContext } from 'tg';
import { createH5, openH5, relationOf, type H5File, type Runs, type Table } from 'tg/h5';
import type { LightTimes } from './light-times.ts';
import { matchTriggers, meets, through, type TriggerTimes, type Windows } from './match.ts';
import { lightTimes, triggerTimes } from './read-times.ts';
import { spanOf, timeSpans } from './time-spans.ts';
import { upstreamCandidates } from './upstream-candidates.ts';

/** Windows of the workflow files of each detector: s, ticks. */
const WINDOWS = {
  module0: { unix: 3, ts: 10 },
  module1: { unix: 1, ts: 20 },
  module2: { unix: 3, ts: 10 },
  module3: { unix: 3, ts: 10 },
  '2x2': { unix: 1, ts: 1_000_000 },
} as const;
type Detector = keyof typeof WINDOWS;

const params = z.strictObject({
  detector: z.enum(Object.keys(WINDOWS) as [Detector, ...Detector[]]).default('module0'),
  unix_ts_window: z.number().nonnegative().nullable().default(null).describe('s'),
  ts_window: z.number().nonnegative().nullable().default(null).describe('ticks of 0.1 us'),
  chunk_size: z.number().int().positive().default(256).describe('events; for compat: upstream'),
  compat: z.enum(['none', 'upstream']).default('none'),
});

const EVENT_LIGHT = 'charge/events/ref/light/events';

export default defineTask({
  version: '1',
  params,
  async run(context) {
    const settings = context.params as z.infer<typeof params>;
    const usual = WINDOWS[settings.detector];
    const windows: Windows = {
      unix: settings.unix_ts_window ?? usual.unix,
      ts: settings.ts_window ?? usual.ts,
    };
    const files: H5File[] = [];
    const output = createH5(context.output(EVENT_LIGHT));
    try {
      const place = (name: string): string => context.place(name) || `/${name}`;
      const tableOf = async (name: string): Promise<{ file: H5File; table: Table }> => {
        const file = await openH5(context.input(name));
        files.push(file);
        return { file, table: file.table(place(name)) };
      };
      const events = await tableOf('charge/events');
      const triggers = (await tableOf('charge/ext_trigs')).table;
      const light = readLight(context, (await tableOf('light/events')).table);
      const ofEvents = relationOf(events.file, 'charge/events', 'charge/ext_trigs');
      const times = triggerTimes(triggers, ofEvents, events.table);
      checkMeeting(times, light, windows.unix);
      const candidates =
        settings.compat === 'upstream'
          ? upstreamCandidates(ofEvents, times, light, windows.unix, settings.chunk_size)
          : undefined;
      const ofTriggers = matchTriggers(times, light, windows, candidates);
      const matched = through(ofEvents, ofTriggers);
      // What upstream writes on charge/events: the flow file has it there.
      output.group(`/${EVENT_LIGHT}`, {
        charge_to_light_assoc_classname: 'Charge2LightAssociation',
        charge_to_light_assoc_class_version: '0.0.0',
        light_event_dset: 'light/events',
        charge_to_light_assoc_unix_ts_window: windows.unix,
        charge_to_light_assoc_ts_window: windows.ts,
      });
      output.relation('charge/events', 'light/events', matched);
      output.relation('charge/ext_trigs', 'light/events', ofTriggers);
      context.count('events with light', parentsOf(matched));
      context.count('triggers with light', parentsOf(ofTriggers));
      output.close();
    } catch (error) {
      output.abort();
      throw error;
    } finally {
      for (const file of files) file.close();
    }
  },
});

function readLight(context: TaskContext, table: Table): LightTimes {
  const shape = table.dtype.fields.find(({ name }) => name === 'wvfm_valid')?.type;
  if (shape?.kind !== 'array' || shape.shape.length !== 2)
    throw new TaskError(`${table.path} has no wvfm_valid of [ADCs, channels]`, {
      code: 'bad-input',
      try: 'light/events as tg:light or module0_flow makes it',
    });
  const times = lightTimes(table, shape.shape[0]!, ({ start, rows }) => {
    context.signal.throwIfAborted();
    context.progress(start + rows, table.rows, 'light events');
  });
  const empty = times.unix.reduce((n, time) => n + (Number.isNaN(time) ? 1 : 0), 0);
  if (empty > 0) context.note('light events have no valid waveform: no time', empty, table.rows);
  return times;
}

const parentsOf = ({ parent }: Runs): number =>
  parent.reduce((n, row, i) => n + (i > 0 && parent[i - 1] === row ? 0 : 1), 0);

/** Files of different hours have nothing in common. @throws TaskError no-match */
function checkMeeting(triggers: TriggerTimes, light: LightTimes, window: number): void {
  const charge = spanOf(triggers.unix);
  const lights = spanOf(light.unix);
  if (charge === undefined || lights === undefined || meets(triggers, light, window)) return;
  throw new TaskError(
    `no light event within ${window} s: ${timeSpans({ light: light.unix, charge: triggers.unix })}`,
    { code: 'no-match', try: 'unix_ts_window, or the right files' },
  );
}
