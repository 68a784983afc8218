/** What tg ships, by name: task types and their modules, verbs of experiments and their files. Two literal tables, names only. */

const module = (path: string): string => new URL(path, import.meta.url).href;

/** Task type -> compiled module. */
export const types: { readonly [type: string]: string } = {
  'charge/raw_event_builder': module('./charge/raw-event-builder.js'),
  'charge/timestamp_corrector': module('./charge/timestamp-corrector.js'),
  'charge/ext_trig_finder': module('./charge/ext-trig-finder.js'),
  'charge/hit_builder': module('./charge/hit-builder.js'),
  'charge/event_builder': module('./charge/event-builder.js'),
  'charge/simulate': module('./charge/simulate.js'),
};

/** Verb -> the file that adds it. */
export const verbs: { readonly [verb: string]: string } = {};

/** Handed to the engine by the command line. */
export const shipped = { types, procedures: new URL('../../procedures', import.meta.url).pathname };
