// Loops that hand from round to round what they never change. The engine copies each variable when the loop starts and again in every
// round, and packs no weight that is a variable. onnxruntime/core/providers/cpu/controlflow/loop.cc
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

const REMEDY = 'loop-invariants'

/** How many come before the loop's own values. Among what a body takes: the round and the condition; among what it gives: the condition. */
const BEFORE = { taken: 2, given: 1 } as const

export const loopCopies = defineRule({
  id: 'loop-copies',
  area: 'software',
  title: 'Loops copy unchanged data in every iteration',
  needs: ['graph', 'latency', 'profile'],
  wants: ['operatorExperiments'],
  check({ graph, latency: { p50Ms }, profile, operatorExperiments }) {
    const loops = loopsIn(graph).flatMap((loop) => {
      const variables = invariantsOf(loop.subgraphs.body)
      return variables.size === 0 ? [] : [{ loop, variables }]
    })
    if (loops.length === 0) return 'clear'
    const byName = new Map(loops.map((one) => [one.loop.name, one]))
    const namesOf = ({ origin, inner }: (typeof profile.nodes)[number]) => inner?.nodes ?? origin
    const ran = profile.nodes.filter((node) => node.opType === 'Loop' && namesOf(node).some((name) => byName.has(name)))
    // What reads a weight in them cannot be packed.
    const readers = new Set(loops.flatMap(({ loop, variables }) => readersOf(loop.subgraphs.body!, variables)))
    const within = profile.nodes.filter(({ inner }) => inner?.nodes.some((name) => readers.has(name)))
    const ownMs = ran.reduce((sum, { timeMs }) => sum + timeMs, 0)
    const whole = operatorExperiments?.wholes?.find(({ remedy, low }) => remedy === REMEDY && low > 0)
    const savingMs = Math.min(whole?.ms ?? ownMs, p50Ms)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'
    const variables = loops.reduce((sum, one) => sum + one.variables.size, 0)
    return {
      ...tell`${countFact('Loop', ran.length)} ${ran.length === 1 ? 'takes' : 'take'} ${ms('own', ownMs)} beside the nodes of
        ${ran.length === 1 ? 'its body' : 'their bodies'}, ${share('own-share', ownMs / p50Ms)} of the p50, and hand on
        ${countFact('variable', variables)} that no round changes: each is copied in every round. Read from outside of the loop they
        would not be copied, and weights among them would be packed.`,
      timeMs: ownMs,
      ...(whole === undefined
        ? { wouldSaveMs: null, savingUnknown: 'the model was not timed without these copies: fix tries it' }
        : { wouldSaveMs: savingMs }),
      basis: 'measured',
      nodes: [...new Set([...ran, ...(whole === undefined ? [] : within)].map(({ name }) => name))],
      next: fixModel(),
    }
  },
})

const subgraphsOf = (node: NodeView): readonly GraphView[] => Object.values(node.subgraphs)

/** Loops at any depth. */
const loopsIn = ({ nodes }: GraphView): readonly NodeView[] =>
  nodes.flatMap((node) => [...(node.opType === 'Loop' ? [node] : []), ...subgraphsOf(node).flatMap(loopsIn)])

/** Names, within the body, of variables that it gives on as they came, perhaps through copies, and as nothing else. */
function invariantsOf(body: GraphView | undefined): ReadonlySet<string> {
  if (body === undefined) return new Set()
  const sourceOf = new Map<string, string>()
  for (const { opType, inputs, outputs } of body.nodes)
    if (opType === 'Identity') sourceOf.set(outputs[0]!, sourceOf.get(inputs[0]!) ?? inputs[0]!)
  const given = body.outputs.map(({ name }) => name)
  const names = body.inputs.slice(BEFORE.taken).flatMap(({ name }, at) => {
    const place = BEFORE.given + at
    const isHandedOn = given[place] !== undefined && (sourceOf.get(given[place]) ?? given[place]) === name
    return isHandedOn && given.every((one, other) => other === place || one !== name) ? [name] : []
  })
  return new Set(names)
}

const readersOf = ({ nodes }: GraphView, variables: ReadonlySet<string>): readonly string[] =>
  nodes.flatMap(({ name, opType, inputs }) => (opType !== 'Identity' && inputs.some((one) => variables.has(one)) ? [name] : []))
