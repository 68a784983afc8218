/** The figure model: what is drawn, as plain data (it may be sent, stored and compared). Does not know how it is drawn. */

export interface Axis {
  label: string;
  /** `mV`, `1/s`; shown as `charge [mV]`. */
  unit?: string;
  /** Default `linear`. On a `time` axis values are unix seconds, shown in UTC. */
  scale?: 'linear' | 'log' | 'time';
  /** Default: what the data need. */
  range?: readonly [number, number];
}

/** Bins of one width: bin i is [start + i step, start + (i + 1) step). */
export interface Bins {
  start: number;
  step: number;
  /** At least 1. */
  n: number;
}

/** Contents of bins, drawn as steps. */
export interface Histogram {
  kind: 'histogram';
  /** Named in the legend, where there is more than one layer. */
  label?: string;
  bins: Bins;
  counts: readonly number[];
  /** Contents are per unit of x (a rate): groups of bins are averaged, not added. */
  density?: boolean;
  /** One standard deviation up and down. */
  errors?: readonly number[];
}

/** Points joined by a line; NaN in `y` breaks it. */
export interface Line {
  kind: 'line';
  label?: string;
  x: readonly number[];
  y: readonly number[];
  errors?: readonly number[];
  /** Also a mark at each point. */
  marks?: boolean;
}

interface Named {
  /** Short word by which it is asked for: `hit-map`. */
  name: string;
  title: string;
  /** Cells of the sheet below each other that it takes; default 1. */
  rows?: number;
}

export interface Plot extends Named {
  kind: 'plot';
  x: Axis;
  y: Axis;
  layers: readonly (Histogram | Line)[];
}

/** A 2-D histogram: `counts[row * xBins.n + column]`, row 0 at the lowest y. Cells without contents are not drawn. */
export interface HeatMap extends Named {
  kind: 'map';
  x: Axis;
  y: Axis;
  xBins: Bins;
  yBins: Bins;
  counts: readonly number[];
  /** Colour scale: what is counted; `log` or `linear`. */
  z: Axis;
}

export interface Table extends Named {
  kind: 'table';
  head: readonly string[];
  rowsOf: readonly (readonly (string | number)[])[];
}

export type Panel = Plot | HeatMap | Table;

/** One sheet of panels, side by side. */
export interface Figure {
  title: string;
  panels: readonly Panel[];
  /** Panels beside each other; default 2, or 1 where there is only one. */
  columns?: number;
}

/** What `tg report NAME FILE` says of a file: numbers, the same in lines of text, and a figure. */
export interface Report {
  numbers: Readonly<Record<string, unknown>>;
  lines: readonly string[];
  figure: Figure;
  /** What stands in the figure, row by row. */
  csv?: { head: readonly string[]; rows: readonly (readonly number[])[] };
}

/** Upper edge of bin `i - 1`, lower edge of bin `i`. */
export const edge = ({ start, step }: Bins, i: number): number => start + i * step;

/** `charge [mV]`. */
export const axisTitle = ({ label, unit }: Axis): string =>
  unit === undefined ? label : `${label} [${unit}]`;
