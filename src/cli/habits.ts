/** What hands type that know make, ninja, Snakemake, h5flow or luigi, and what it is called here. Knows only words. */

/** Verbs of other tools; the words behind them are kept. */
const VERBS: { readonly [word: string]: string } = {
  make: 'build',
  run: 'build',
  all: 'build',
  dryrun: 'plan',
  explain: 'why',
  rm: 'clean',
  ls: 'list',
};

/** `tg build X` for `tg make X`. */
export function habitOfVerb(word: string, rest: readonly string[]): string | undefined {
  const verb = VERBS[word];
  return verb === undefined ? undefined : ['tg', verb, ...rest].join(' ');
}

const isNumber = (value: string | undefined): value is string =>
  value !== undefined && /^\d+$/.test(value);

const NOT_NEEDED: { readonly [flag: string]: string } = {
  '--rerun-incomplete': 'interrupted tasks are built again',
  '--unlock': 'a dead lock is taken over',
  '--touch': 'content decides, not time',
  '--nompi': 'tg has threads, not ranks: --workers N',
};

/** What to type instead of a flag that does not exist. */
export function habitOf(verb: string, flag: string, value: string | undefined): string | undefined {
  const notNeeded = NOT_NEEDED[flag];
  if (notNeeded !== undefined) return `not needed: ${notNeeded}`;
  switch (flag) {
    case '--cores':
    case '--jobs':
    case '--threads':
      return `--workers ${isNumber(value) ? value : 'N'}`;
    case '--dryrun':
    case '--just-print':
    case '--recon':
      return '--dry-run';
    case '-f':
      return '-C DIR or -c FILE';
    case '-t':
      return value === 'clean' ? 'tg clean' : 'tg graph';
    case '--always-make':
      return '--force-all';
    case '--version':
    case '-V':
      return 'tg --version';
    case '-p':
      return verb === 'build' ? '-v prints a line per task' : undefined;
    default:
      return undefined;
  }
}
