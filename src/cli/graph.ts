/** `tg graph`: what needs what, as a tree, Mermaid, Graphviz or JSON on stdout. Draws from core/graph.ts; looks at no file but built lists. */
import { graphOf, waiting } from '../core/graph.ts';
import { GRAPH_FORMATS, graphText } from '../core/graph-text.ts';
import type { GraphFormat } from '../core/graph-text.ts';
import { expandAsMade } from '../lists.ts';
import { Mistakes } from '../workspace.ts';
import { openProject } from './open-project.ts';
import { tell } from './tell.ts';
import { PROJECT_FLAGS, oneOf } from './verb.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  flags: [
    ...PROJECT_FLAGS,
    {
      name: 'format',
      takes: 'FORMAT',
      must: oneOf(...GRAPH_FORMATS),
      help: 'text, mermaid, dot or json',
    },
    { name: 'tasks', help: 'each task, not each procedure' },
  ],
  examples: ['tg graph charge/events', 'tg graph --format dot | dot -Tsvg > graph.svg'],
  async run(call) {
    const ws = await openProject(call);
    expandAsMade(ws);
    const { plan, wanted, diagnostics } = ws.planFor(call.words);
    if (plan === undefined) throw new Mistakes(diagnostics);
    tell(call, [...ws.warnings, ...diagnostics]);
    const flows = wanted.chosen.some(({ word }) => word.startsWith('flow'));
    const graph = graphOf(plan, { each: call.has('tasks'), flows });
    const format = call.json ? 'json' : ((call.value('format') ?? 'text') as GraphFormat);
    call.out(graphText(graph, format));
    if (!call.json)
      for (const { name, list } of waiting(ws.expansion, plan))
        call.err(`note: ${name}: its tasks are known once ${list} is made\n`);
    return 0;
  },
};
