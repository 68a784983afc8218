/** What is so on disk today, for deciding: ids of sources and outputs by stat cache, documents, environment. Fetches; decides nothing. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { canonical } from './core/canonical.ts';
import { isDocumentOf, packedAgrees, traceOf } from './core/trace.ts';
import type { ContentId, Json, Source, TargetName, Task, TraceDocument } from './core/types.ts';
import { record } from './core/view.ts';
import { isDocument, parseText } from './execute/document.ts';
import type { Today } from './core/stale.ts';
import { isHdf5 } from './execute/outputs.ts';
import { combinedId, fastFileId, fileId, traceHash } from './content-id.ts';
import { absolute, below } from './store/store.ts';
import type { Store } from './store/store.ts';
import { statOf } from './store/stat-cache.ts';

/** A file (and places in it) whose id is not known from its stat. */
export interface Unknown {
  path: string;
  place: string;
  fast: boolean;
  /** Nobody here made it: what a place of it holds is told without the list of what was made together. */
  isSource: boolean;
}

/** Files up to this size are hashed where they are asked for; larger ones, and datasets, by a worker. */
const SMALL = 4_000_000;

export interface Facts {
  /** Id of an output or of one place in it (HDF5 by its logical tree); null: not there; undefined: unknown, and noted in `unknown`. */
  id(path: string, place: string): ContentId | undefined | null;
  /** Id of the bytes of a file that decides (code, configuration), hashed here whatever its size; null: not there. */
  idNow(path: string): ContentId | null;
  /** What was asked for and not known, since the last call. */
  unknown(): Unknown[];
  /** The id of what was just published; its stat is remembered already. */
  published(path: string, place: string, id: ContentId): void;
  /** Takes an id that was taken by a worker. */
  learn(path: string, place: string, id: ContentId, hashedAt: number): void;
  sourceId(source: Source): ContentId | undefined | null;
  document(task: Task): Today['document'];
  /** Parsed text of a file (memoised by id), undefined when it does not parse. */
  parsed(path: string, id: ContentId | undefined): Json | undefined;
  /** Forgets the ids of files that are not as they were when their ids were taken: they are taken again when asked for. */
  refresh(files: readonly FilePlace[]): void;
  /** The first of these files that is not any more what its id says. */
  changed(files: readonly FilePlace[]): string | undefined;
}

/** A file, or one place in it. */
export interface FilePlace {
  path: string;
  place: string;
  fast?: boolean;
}

/** Place of a whole HDF5 file that counts by its tree. */
const TREE = '/';

/** @param sources sources of the plan that is being worked on */
export function facts(
  store: Store,
  root: string,
  sources: () => ReadonlyMap<TargetName, Source>,
): Facts {
  const memo = new Map<string, ContentId>();
  let asked: Unknown[] = [];
  const parsedMemo = new Map<string, Json | undefined>();
  const agreed = new Map<TraceDocument, Map<object, boolean>>();
  const key = (path: string, place: string): string =>
    place === '' || place === TREE ? path : `${path}::${place}`;
  /** Key of a file that counts by its ends only: not what its bytes are known by. */
  const fastKey = (path: string): string => `${path}::fast`;

  /** @param now hashed here whatever its size */
  const bytes = (path: string, fast: boolean, now: boolean): ContentId | undefined | null => {
    const k = fast ? fastKey(path) : path;
    const known = lookAt(k, path);
    if (known !== undefined) return known;
    const file = absolute(root, path);
    const stat = statOf(file);
    if (stat === undefined) return null;
    if (!now && !fast && stat.size > SMALL) {
      asked.push({ path, place: '', fast, isSource: false });
      return undefined;
    }
    const began = Date.now();
    const taken = fast ? fastFileId(file) : fileId(file);
    store.stats.remember(k, stat, taken, began);
    memo.set(k, taken);
    return taken;
  };
  const look = (path: string, place: string): ContentId | undefined | null =>
    lookAt(key(path, place), path);
  const lookAt = (k: string, path: string): ContentId | undefined | null => {
    const known = memo.get(k);
    if (known !== undefined) return known;
    const found = store.stats.look(k, absolute(root, path));
    if (found !== undefined && found !== null) memo.set(k, found);
    return found;
  };
  const tree = (path: string, place: string, isSource = false): ContentId | undefined | null => {
    const known = look(path, place);
    if (known === undefined) asked.push({ path, place, fast: false, isSource });
    return known;
  };
  const id: Facts['id'] = (path, place) => {
    if (place !== '') return tree(path, place);
    const known = look(path, '');
    if (known !== undefined) return known;
    return isHdf5(absolute(root, path)) ? tree(path, TREE) : bytes(path, false, false);
  };
  const idNow = (path: string): ContentId | null => bytes(path, false, true) ?? null;

  const parsed = (path: string, of: ContentId | undefined): Json | undefined => {
    const k = `${of ?? ''} ${path}`;
    if (!parsedMemo.has(k)) {
      let value: Json | undefined;
      try {
        value = parseText(readFileSync(path, 'utf8'), path);
      } catch {
        value = undefined;
      }
      parsedMemo.set(k, value);
    }
    return parsedMemo.get(k);
  };

  const environment = (task: Task): Json =>
    Object.fromEntries(
      task.procedure.environment.flatMap((n) =>
        process.env[n] === undefined ? [] : [[n, process.env[n]]],
      ),
    );

  return {
    id,
    idNow,
    unknown() {
      const list = asked;
      asked = [];
      return list;
    },
    published: (path, place, made) => void memo.set(key(path, place), made),
    learn(path, place, taken, hashedAt) {
      const stat = statOf(absolute(root, path));
      if (stat !== undefined) store.stats.remember(key(path, place), stat, taken, hashedAt);
      memo.set(key(path, place), taken);
    },
    sourceId(source) {
      const fast = source.hash === 'fast';
      const ids = source.files.map(({ path }) =>
        fast || source.place === '' ? bytes(path, fast, false) : tree(path, source.place, true),
      );
      if (ids.length === 0 || ids.includes(null)) return null;
      return ids.includes(undefined) ? undefined : combinedId(ids as ContentId[]);
    },
    document: (task) => (trace) => {
      if (isDocumentOf(trace, 'param')) {
        // Traces and parameters are shared by most tasks of a procedure: compare each pair once.
        let byParams = agreed.get(trace);
        if (byParams === undefined) agreed.set(trace, (byParams = new Map<object, boolean>()));
        const same = byParams.get(task.params);
        if (same === true) return { same };
        if (same === undefined) byParams.set(task.params, agreesNow(trace, task.params));
        if (byParams.get(task.params) === true) return { same: true };
        return told(trace, task.params);
      }
      if (isDocumentOf(trace, 'env')) return { same: false, now: environment(task) };
      if (isDocumentOf(trace, 'name')) return { same: false, now: namesNow(task, sources()) };
      if (isDocumentOf(trace, 'input')) return { same: true }; // core compares it
      const file = task.files[trace.name];
      if (file === undefined || file.path === null)
        return { same: false, now: undefined, then: copyOf(trace) };
      const now = idNow(below(root, file.path));
      if (now === trace.id) return { same: true };
      if (task.kind === 'command' || now === null || !isDocument(file.path))
        return { same: false, now: undefined, then: undefined };
      return told(trace, parsed(file.path, now));
    },
    parsed,
    refresh(files) {
      for (const { path, place, fast = false } of files) {
        const k = fast ? fastKey(path) : key(path, place);
        if (memo.has(k) && store.stats.look(k, absolute(root, path)) !== memo.get(k))
          memo.delete(k);
      }
    },
    changed(files) {
      for (const { path, place, fast = false } of files) {
        const k = fast ? fastKey(path) : key(path, place);
        const taken = memo.get(k);
        if (taken === undefined) continue;
        const file = absolute(root, path);
        if (store.stats.look(k, file) === taken) continue;
        const stat = statOf(file);
        if (stat === undefined) return path;
        // Changed so shortly before its id was taken that the stat does not tell: bytes do.
        const same =
          fast || place === ''
            ? (fast ? fastFileId(file) : fileId(file)) === taken
            : store.stats.same(k, stat);
        if (!same) return path;
      }
      return undefined;
    },
  };

  /** A trace against today's document: with the copy of what was read, or without one by the hash of what was read. */
  function told(trace: TraceDocument, now: Json | undefined): ReturnType<Today['document']> {
    const then = copyOf(trace);
    if (then === undefined && now !== undefined && trace.bits !== undefined)
      return packedAgrees(trace.bits, now, traceHash)
        ? { same: true }
        : { same: false, now: undefined, then };
    return { same: false, now, then };
  }

  function copyOf(trace: TraceDocument): Json | undefined {
    if (trace.values !== undefined || trace.id === undefined) return undefined;
    const copy = store.copy(trace.id);
    if (copy === undefined) return undefined;
    const k = `copy ${trace.id}`;
    if (!parsedMemo.has(k)) {
      let value: Json | undefined;
      try {
        const text = readFileSync(copy, 'utf8');
        value = parseText(text, trace.file ?? 'parameters.yaml');
      } catch {
        value = undefined;
      }
      parsedMemo.set(k, value);
    }
    return parsedMemo.get(k);
  }

  function agreesNow(trace: TraceDocument, params: Json): boolean {
    if (trace.values === undefined) return false;
    for (const [path, was] of trace.values) {
      if (path.includes('.') || was.startsWith('!')) return false; // the general way
      const value = (params as { readonly [k: string]: Json })[path];
      if (
        value === undefined ||
        (value !== null && typeof value === 'object') ||
        canonical(value) !== was
      )
        return false;
    }
    return true;
  }
}

/** Base names of the sources and files of a task, as `core/trace` compares them. */
export function namesNow(task: Task, sources: ReadonlyMap<TargetName, Source>): Json {
  const names: Record<string, Json> = {};
  for (const [name, file] of Object.entries(task.files))
    if (file.path !== null) names[name] = basename(file.path);
  for (const input of task.inputs) {
    const files = input.targets.flatMap((t) => sources.get(t)?.files ?? []);
    const told = files.map((f) => basename(f.path)).join(' ');
    // One alias may stand for several targets.
    const before = names[input.alias] as string | undefined;
    if (told !== '') names[input.alias] = before === undefined ? told : `${before} ${told}`;
  }
  return names;
}

/** The trace of a task that reads all of its parameters (commands). */
export function wholeTrace(task: Task): TraceDocument[] {
  const recording = record(task.params);
  JSON.stringify(recording.view);
  return [{ name: 'param', ...traceOf(task.params, recording.readings, traceHash) }];
}

/** The values of declared environment variables, as a trace. */
export function environmentTrace(environment: readonly string[]): TraceDocument[] {
  if (environment.length === 0) return [];
  const values = environment.map(
    (n) => [n, process.env[n] === undefined ? '!absent' : canonical(process.env[n])] as const,
  );
  return [{ name: 'env', values, read: values.length }];
}
