/** tg/figures: figures as data, drawn as SVG, PNG or text. Does not know tasks, files or detectors. */
export type * from './model.ts';
export { binsFor, growingHistogram, histogram, type Growing } from './bins.ts';
export { grouped, measured } from './numbers.ts';
export { statistics, type Statistics } from './statistics.ts';
export { toPng } from './png.ts';
export { toSvg } from './svg.ts';
export { toText } from './terminal.ts';
