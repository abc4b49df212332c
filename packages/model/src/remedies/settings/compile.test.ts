import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import type { OtherEngine } from '../kit/remedy.ts'
import { compile } from './compile.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
})
const library: OtherEngine = { id: 'other', version: '2', name: 'Other 2', effect: 'rounding', refused: null }
const CUT = { head: { value: 'h', columns: 3 } }
const written: OtherEngine = { ...library, id: 'written', name: 'compiled code on V8 11', generated: true, opens: 'source' }

checkRemedy(compile, {
  applies: [
    {
      name: 'where code can be written for the model; what another remedy proposes is left to it',
      model: relu,
      setup: { options: { threads: 1, directCall: true, configEntries: { 'session.x': '1' } } },
      evidence: { otherEngines: [library, written] },
      variants: [''],
      changes: /^compiled code on V8 11 instead of ort-cpu: predict.mjs needs no engine$/,
      check({ setup, refused }) {
        expect(setup.engine).toEqual({ id: 'written', version: '2', opens: 'source' })
        expect(setup.options).toMatchObject({ threads: 1, directCall: false, configEntries: {} })
        expect(refused).toBe(undefined)
      },
    },
    {
      name: 'what the user does not want is looked at, and not kept',
      model: relu,
      evidence: { otherEngines: [{ ...written, refused: 'it is not among --ship-engines' }] },
      variants: [''],
      check: ({ refused }) => expect(refused).toBe('it is not among --ship-engines'),
    },
    {
      name: 'where code can be written for an end alone, what stays keeps the engine and its options',
      model: relu,
      setup: { options: { threads: 1, directCall: true } },
      evidence: {
        otherEngines: [{ ...written, ends: [{ variant: 'head', cut: CUT, nodes: ['a', 'b', 'c'] }] }],
        p50Ms: 0.05,
      },
      variants: ['head'],
      changes: /^the first 3 operators as compiled code on V8 11; the others stay on ort-cpu$/,
      check({ setup, predictedSavingMs }) {
        expect(setup.engine).toEqual({ id: 'written', version: '2', cut: CUT })
        expect(setup.options).toMatchObject({ threads: 1, directCall: true })
        // Three nodes of 2 µs that are gone, and 2 µs for the code.
        expect(predictedSavingMs).toBeCloseTo(0.004, 9)
      },
    },
  ],
  leaves: [
    {
      name: 'an end that takes next to nothing of a prediction',
      model: relu,
      evidence: { otherEngines: [{ ...written, ends: [{ variant: 'head', cut: CUT, nodes: ['a', 'b', 'c'] }] }], p50Ms: 10 },
    },
    { name: 'no code can be written for the model', model: relu, evidence: { otherEngines: [library] } },
    {
      name: 'it runs on another engine already',
      model: relu,
      setup: { engine: { id: 'other', version: '2' } },
      evidence: { otherEngines: [written] },
    },
  ],
})
