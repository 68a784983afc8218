/** What tg ships, by name: task types and their modules, verbs of experiments and their files. Two literal tables, names only. */

/** Task type -> module in this folder. */
export const types: { readonly [type: string]: string } = {
  'charge/raw_event_builder': 'charge/raw-event-builder.js',
  'charge/timestamp_corrector': 'charge/timestamp-corrector.js',
  'charge/ext_trig_finder': 'charge/ext-trig-finder.js',
  'charge/hit_builder': 'charge/hit-builder.js',
  'charge/event_builder': 'charge/event-builder.js',
  'charge/t0': 'charge/t0-reconstruction.js',
  'charge/drift': 'charge/drift-reconstruction.js',
  'charge/mc_truth': 'charge/mc-truth-reader.js',
  'charge/mc_packets': 'charge/mc-packets-builder.js',
  'charge/run_info': 'charge/run-info.js',
  'charge/lar_info': 'charge/lar-info.js',
  'charge/geometry_info': 'charge/geometry-info.js',
  'charge/disabled_channels': 'charge/disabled-channels.js',
  'charge/tracklets': 'charge/tracklet-reconstruction.js',
  'association/charge_light': 'association/charge-light.js',
  'light/event_builder': 'light/event-builder.js',
  'light/timestamp_corrector': 'light/timestamp-corrector.js',
  'light/noise_filter': 'light/noise-filter-task.js',
  'light/deconvolution': 'light/deconvolution-task.js',
  'light/alignment': 'light/alignment-task.js',
  'light/waveform_sum': 'light/sum-task.js',
  'light/hit_finder': 'light/hit-finder.js',
  'charge/simulate': 'charge/simulate.js',
  harmonize: 'harmonize/harmonize.js',
  'harmonize/scan': 'harmonize/scan.js',
  'harmonize/plan': 'harmonize/plan.js',
  'harmonize/write': 'harmonize/write.js',
  'harmonize/scalers': 'harmonize/scalers.js',
  'harmonize/simulate': 'harmonize/simulate.js',
};

/** Verb -> the file that adds it. `report X` is what `tg report X FILE` runs; others take the config of another program. */
export const verbs: { readonly [verb: string]: string } = {
  'report charge': 'charge/cli.js',
  'report charge-light': 'association/cli.js',
  'report harmonic': 'harmonize/report.js',
  harmonize: 'harmonize/cli.js',
};
