/** `--set PROCEDURE.PATH=VALUE`: read and checked against the procedures there are. Knows no layers. */
import { nearest } from '../core/nearest.ts';
import type { Diagnostic, Json } from '../core/types.ts';
import { parseYaml } from './yaml.ts';

/** One `--set`. */
export interface Setting {
  procedure: string;
  path: readonly string[];
  value: Json;
  /** As typed, with the flag. */
  said: string;
}

/** What is known of a procedure: paths of its parameters, `event_builder_config.window` (none known: undefined). */
export type KnownParameters = ReadonlyMap<string, readonly string[] | undefined>;

const error = (code: string, message: string, hint: string): Diagnostic => ({
  severity: 'error',
  code,
  message,
  try: hint,
});

/** The first procedure that has a parameter of this name, spelt out. */
function whichProcedure(name: string, value: string, known: KnownParameters): string {
  for (const [procedure, paths] of known) {
    const path = paths?.find((candidate) => candidate === name || candidate.endsWith(`.${name}`));
    if (path !== undefined) return `--set ${procedure}.${path}=${value}`;
  }
  return `--set PROCEDURE.${name}=${value}`;
}

/** Reads the word behind one `--set`. The first "." ends the name; VALUE is YAML. */
export function parseSet(text: string, known: KnownParameters): Setting | Diagnostic {
  const said = `--set ${text}`;
  const equals = text.indexOf('=');
  if (equals < 0) return error('bad-set', `${said}: no value`, `${said}=VALUE`);
  const left = text.slice(0, equals).trim();
  const written = text.slice(equals + 1);
  const dot = left.indexOf('.');
  if (dot < 0) {
    const hint = known.has(left)
      ? `--set ${left}.PARAMETER=${written}`
      : whichProcedure(left, written, known);
    return error('bad-set', `${said}: which ${known.has(left) ? 'parameter' : 'procedure'}?`, hint);
  }
  const procedure = left.slice(0, dot);
  const path = left.slice(dot + 1).split('.');
  if (path.includes(''))
    return error(
      'bad-set',
      `${said}: an empty name in "${left}"`,
      `--set ${procedure}.PARAMETER=${written}`,
    );
  if (!known.has(procedure)) {
    const near = nearest(procedure, known.keys()).join(', ');
    return error(
      'unknown-target',
      `${said}: no procedure ${procedure}`,
      near === '' ? 'tg list' : near,
    );
  }
  const parsed = parseYaml(written, said);
  const problem = parsed.diagnostics.find(({ severity }) => severity === 'error');
  if (problem === undefined && parsed.value !== undefined)
    return { procedure, path, value: parsed.value, said };
  return error(
    'bad-set',
    `${said}: ${problem?.message ?? 'not YAML'}`,
    `--set '${left}="${written.replaceAll('"', '')}"'`,
  );
}

/** Reads all of them; later ones stand before earlier ones of the same path. */
export function parseSets(
  texts: readonly string[],
  known: KnownParameters,
): { settings: Setting[]; diagnostics: Diagnostic[] } {
  const settings: Setting[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const text of texts) {
    const read = parseSet(text, known);
    if ('severity' in read) diagnostics.push(read);
    else settings.push(read);
  }
  return { settings, diagnostics };
}
