// The checker itself: a right remedy passes, each kind of wrong one is caught.

import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, withGraph } from '@whyslow/graph/edit.ts'
import { describe, expect, test } from 'vitest'
import { defineRemedy, type Proposal, type RemedySetup } from '../../../src/remedies/kit/remedy.ts'
import { exampleEvidence, largestDifference, proveApplies, proveLeaves, proveSurrounded } from './check-remedy.ts'

const small = model({
  nodes: [node('Identity', ['x'], ['same']), node('Mul', ['same', 'w'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
  initializers: [floatTensor('w', [3], [1, 2, 3])],
})

/** Takes Identity out. */
function withoutIdentity({ model: given, ...rest }: RemedySetup): Proposal[] {
  const { graph: before } = given.proto
  const identity = before?.node.find(({ opType }) => opType === 'Identity')
  if (before === undefined || identity === undefined) return []
  const read = new Map([[identity.output[0]!, identity.input[0]!]])
  return [proposal({ ...rest, model: withGraph(given, editGraph(before, { remove: new Set([identity]), read })) })]
}

const proposal = (setup: RemedySetup): Proposal => ({ variant: '', setup, changes: ['one taken out'], predictedSavingMs: null })

const toy = (apply: (setup: RemedySetup) => Proposal[]) =>
  defineRemedy({ id: 'toy', title: 'A toy', treats: [], effect: 'exact', kind: 'rewrite', goals: ['latency'], apply })

/** A rewrite that replaces the graph's node list. */
const renode = (nodes: readonly ReturnType<typeof node>[]) =>
  toy(({ model: given, ...rest }) => {
    return [proposal({ ...rest, model: withGraph(given, copyWith(given.proto.graph!, { node: [...nodes] })) })]
  })

const rejects = (remedy: ReturnType<typeof toy>, extra: Partial<Parameters<typeof proveApplies>[1]> = {}) =>
  expect(proveApplies(remedy, { name: 'wrong', model: small, repeats: true, ...extra })).rejects

describe('checkRemedy', () => {
  test('passes a right rewrite', async () => {
    await proveApplies(toy(withoutIdentity), { name: 'right', model: small, operators: ['Mul'], changes: /taken out/ })
  })
  test('catches other results', async () => {
    await rejects(renode([node('Add', ['x', 'w'], ['y'])])).toThrow(/largest difference of 'y'/)
  })
  test('catches a model that is not valid', async () => {
    await rejects(renode([node('Mul', ['gone', 'w'], ['y'])])).toThrow(/gone/)
  })
  test('catches another shape', async () => {
    const nodes = [node('Mul', ['x', 'w'], ['z']), node('ReduceSum', ['z'], ['y'])]
    await rejects(renode(nodes)).toThrow()
  })
  test('catches a changed declaration', async () => {
    const other = toy(({ model: given, ...rest }) => {
      const output = [valueInfo('y', 'float32', [2, 3])]
      return [proposal({ ...rest, model: withGraph(given, copyWith(given.proto.graph!, { output })) })]
    })
    await rejects(other).toThrow(/outputs/)
    await proveApplies(other, { name: 'told', model: small, narrows: true, repeats: true })
  })
  test('catches a remedy that writes to what it was given', async () => {
    const rude = toy((setup) => {
      setup.model.proto.graph!.node.pop()
      return []
    })
    await rejects(rude).toThrow()
    const ruder = toy((setup) => {
      setup.model.proto.graph!.initializer[0]!.rawData[0] = 7
      return []
    })
    const fresh = model({
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [3])],
      outputs: [valueInfo('y', 'float32', [3])],
      initializers: [floatTensor('w', [3], [1, 2, 3])],
    })
    await rejects(ruder, { model: fresh }).toThrow(/was changed/)
  })
  test('catches a second application that goes on', async () => {
    const endless = renode([node('Mul', ['x', 'w'], ['y'])])
    await rejects(endless, { repeats: false }).toThrow(/own result/)
  })
  test('asks took of the graph that the engine runs', async () => {
    const seen: string[][] = []
    const remedy = toy((setup) =>
      withoutIdentity(setup).map((one) => ({
        ...one,
        took: (executed) => seen.push(executed.nodes.map(({ opType }) => opType)) === 0,
      })),
    )
    await rejects(remedy).toThrow(/took/)
    expect(seen).toEqual([['Mul']])
  })
  test('catches a proposal where none may be', async () => {
    await expect(proveLeaves(toy(withoutIdentity), { name: 'wrong', model: small })).rejects.toThrow()
    await proveLeaves(
      toy(() => []),
      { name: 'right', model: small },
    )
  })
  test('catches a rewrite that is right in its own model alone, and names the seed', async () => {
    // Where the Identity's value is an output, too, it is made no more.
    const careless = proveSurrounded(toy(withoutIdentity), [{ name: 'small', model: small }])
    await expect(careless).rejects.toThrow(/^seed \d+, 'small' in other surroundings: /)
    const careful = toy((setup) => {
      const { output } = setup.model.proto.graph!
      return output.some(({ name }) => name === 'same') ? [] : withoutIdentity(setup)
    })
    await proveSurrounded(careful, [{ name: 'small', model: small }])
  })
  test('catches a rewrite that never finds anything', async () => {
    const idle = proveSurrounded(
      toy(() => []),
      [{ name: 'small', model: small }],
    )
    await expect(idle).rejects.toThrow(/graphs of \d+ in which the rewrite found something/)
  })
  test('fills evidence in from the feeds, and types of all values where asked', async () => {
    let evidence = exampleEvidence()
    const looks = defineRemedy({
      ...toy(() => []),
      apply: (_setup, given) => {
        evidence = given
        return []
      },
    })
    await proveLeaves(looks, { name: 'looks', model: small, profiled: true, sizes: { n: 5 } })
    expect(evidence.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [5, 3], freeAxes: [{ axis: 0, symbol: 'n' }] }])
    expect(evidence.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [5, 3] }])
    expect(evidence.profile!.nodes[0]!.outputTypes).toEqual([{ dtype: 'float32', shape: [5, 3] }])
  })
  test('measures differences against the size of the output', () => {
    const of = (...data: number[]) => ({ dtype: 'float32' as const, shape: [data.length], data: Float64Array.from(data) })
    // rms of (3, 4) is sqrt(12.5) = 3.5355; 0.001 / 4 and 0.001 / 3.5355
    expect(largestDifference(of(3, 4.001), of(3, 4))).toBeCloseTo(0.001 / 4, 9)
    expect(largestDifference(of(3.001, 4), of(3, 4))).toBeCloseTo(0.001 / Math.sqrt(12.5), 9)
    expect(largestDifference(of(Number.NaN), of(Number.NaN))).toBe(0)
    expect(largestDifference(of(Number.NaN, 1), of(1, 1))).toBe(Number.POSITIVE_INFINITY)
    expect(largestDifference(of(Number.POSITIVE_INFINITY), of(1))).toBe(Number.POSITIVE_INFINITY)
  })
})
