/** light/events and light/wvfm in the output of the task, row by row of each other. Knows the file, not where rows come from. */
import { compound, rowByRow, type Attributes, type Compound, type H5Writer } from 'tg/h5';
import type { EventShape } from './light-event.ts';

export interface EventTables {
  /** As many rows of each. */
  append(events: Uint8Array, samples: Uint8Array | Int16Array): void;
  readonly rows: number;
  /** The relation, and what was lost, by reason, as attribute `lost`. */
  end(lost: Readonly<Record<string, number>>): void;
}

export function createTables(
  output: H5Writer,
  event: Compound,
  { adcs, channels, samples }: EventShape,
  attributes: Attributes,
): EventTables {
  const events = output.table('light/events', event, {
    attributes: { ...attributes, wvfm_dset_name: 'light/wvfm' },
  });
  const waveforms = output.table(
    'light/wvfm',
    compound([['samples', 'i2', [adcs, channels, samples]]]),
  );
  return {
    append(row, its) {
      events.append(row);
      waveforms.append(its);
    },
    get rows() {
      return events.rows;
    },
    end(lost) {
      const any = Object.entries(lost).filter(([, n]) => n > 0);
      output.attribute('light/events', 'lost', JSON.stringify(Object.fromEntries(any)));
      output.relation('light/events', 'light/wvfm', rowByRow(events.rows));
    },
  };
}
