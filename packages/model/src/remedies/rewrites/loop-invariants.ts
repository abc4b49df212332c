// What a Loop hands from round to round and never changes is read from outside instead. Exporters make a loop's variables of all that
// its body reads, weights among them (tf2onnx does so of every recurrent layer that it does not recognise); the engine copies each variable
// at the start and again in every round, and a weight that is a variable is no constant that it could pack.
// https://onnx.ai/onnx/operators/onnx__Loop.html, onnxruntime/core/providers/cpu/controlflow/loop.cc

import { node as nodeOf } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { readOther, withoutDead } from '@whyslow/graph/edit.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { GraphProto, NodeProto } from 'onnx-buf'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { byProfile, type RewriteResult, rewritingRemedy } from '../kit/rewriting.ts'

/**
 * How many come before the loop's own values. In a Loop: the number of rounds and the condition; in its body: the round and the condition; in what
 * the body gives: the condition.
 */
const BEFORE = { loop: 2, body: 2, results: 1 } as const

interface Freed extends Replacement {
  readonly variables: number
}

export const loopInvariants = defineRemedy(
  rewritingRemedy({
    id: 'loop-invariants',
    title: 'What a loop never changes is read from outside of it',
    treats: ['loop-copies'],
    // Weights that are constants are packed, and other kernels add in another order.
    effect: 'rounding',
    goals: ['latency', 'throughput', 'memory'],
    betweenOperators: true,
    find: (matching, fresh): readonly Freed[] => matching.graph.node.flatMap((one) => freed(matching, one, fresh) ?? []),
    changes({ replaced }) {
      const variables = sum(replaced.map((one) => one.variables))
      return `${count(variables, 'variable')} of ${count(replaced.length, 'Loop')} that never change read from outside`
    },
    saving: byProfile(savingOf),
  }),
)

/** What the loops take by themselves, without their bodies: starting a round is the least part of it where weights are copied. */
function savingOf({ profile }: RemedyEvidence, { replaced }: RewriteResult<Replacement>): number {
  const names = new Set(replaced.flatMap(({ parts }) => parts.flatMap(({ name, output }) => [name, ...output])))
  const own = profile!.nodes.filter(
    ({ opType, origin, inner }) => opType === 'Loop' && (inner?.nodes ?? origin).some((name) => names.has(name)),
  )
  return sum(own.map(({ timeMs }) => timeMs))
}

/** undefined if it is no Loop, or all of its variables change. */
function freed({ readers, isOutput }: Matching, loop: NodeProto, fresh: (hint: string) => string): Freed | undefined {
  if (!isOperator(loop, 'Loop')) return undefined
  const body = loop.attribute.find(({ name }) => name === 'body')?.g
  if (body === undefined || body.input.length !== loop.input.length) return undefined
  const variables = body.input.slice(BEFORE.body).flatMap(({ name }, at) => {
    const outer = loop.input[BEFORE.loop + at]!
    return outer !== '' && isHandedOn(body, name, BEFORE.results + at) ? [{ at, name, outer }] : []
  })
  if (variables.length === 0) return undefined
  const gone = new Set(variables.map(({ at }) => at))
  const kept = <T>(list: readonly T[], before: number): T[] => list.filter((_, i) => !gone.has(i - before))
  const read = new Map(variables.map(({ name, outer }) => [name, outer]))
  const lighter = withoutDead(
    copyWith(body, {
      input: kept(body.input, BEFORE.body),
      output: kept(body.output, BEFORE.results),
      node: body.node.map((one) => readOther(one, read)),
    }),
  )
  const attribute = loop.attribute.map((one) => (one.name === 'body' ? copyWith(one, { g: lighter }) : one))
  const changed = copyWith(loop, { input: kept(loop.input, BEFORE.loop), output: kept(loop.output, 0), attribute })
  const given = variables.flatMap(({ at, outer }) => {
    const output = loop.output[at] ?? ''
    const isRead = output !== '' && (readers(output).length > 0 || isOutput(output))
    return isRead ? [nodeOf({ opType: 'Identity', name: fresh(`${output}_given`) }, [outer], [output])] : []
  })
  return { parts: [loop], remove: new Set([loop]), add: [changed, ...given], variables: variables.length }
}

/** The body gives the variable on as it came, perhaps through copies, and gives it as nothing else. */
function isHandedOn(body: GraphProto, variable: string, place: number): boolean {
  const names = new Set([variable])
  // Nodes stand in the order of their inputs.
  for (const one of body.node) if (isOperator(one, 'Identity') && names.has(one.input[0]!)) names.add(one.output[0]!)
  return body.output.every(({ name }, at) => (at === place ? names.has(name) : name !== variable))
}
