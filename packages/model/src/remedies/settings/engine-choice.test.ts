import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import type { OtherEngine, RemedyTools } from '../kit/remedy.ts'
import { engineChoice } from './engine-choice.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
  opset: 17,
})
const exact: OtherEngine = { id: 'other', version: '2', name: 'Other 2 in float32', effect: 'rounding', refused: null }
const half: OtherEngine = { id: 'other-half', version: '2', name: 'Other 2 in bfloat16', effect: 'approximate', refused: null }
const lite: OtherEngine = { ...exact, id: 'lite', version: '3', name: 'Lite 3', format: 'tflite', oneThreadUntold: true }

const int8: OtherEngine = { ...exact, int8: 'onnx' }
/** Stands for what is quantized: the model with another name. */
const quantized = modelInMemory({ ...relu, graph: { ...relu.graph!, name: 'quantized' } })
const unused = () => Promise.reject(new Error('not here'))
const tools: RemedyTools = {
  optimize: unused,
  int8On: async () => [{ variant: 'on onnx', quantized: { model: quantized, changes: ['1 Conv in int8'] }, savingMs: null }],
}

checkRemedy(engineChoice, {
  applies: [
    {
      name: 'one that computes in int8 is given the model as it is, and quantized for it',
      model: relu,
      evidence: { otherEngines: [int8], constraints: { maxLoss: 0.01 } },
      tools,
      variants: ['other', 'other int8'],
      check({ variant, setup, changes, effect, precision }) {
        const isQuantized = variant === 'other int8'
        expect(setup.model === quantized).toBe(isQuantized)
        expect(changes.slice(1)).toEqual(isQuantized ? ['1 Conv in int8'] : [])
        expect(effect).toBe(isQuantized ? 'approximate' : 'rounding')
        expect(precision).toEqual(isQuantized ? { method: 'static', plan: 'on onnx' } : undefined)
      },
    },
    {
      name: 'where the engine is to stay, fewer bits may bring another one',
      model: relu,
      evidence: { otherEngines: [{ ...int8, refusedInFloat: 'it stays' }], constraints: { maxLoss: 0.01 } },
      tools,
      variants: ['other', 'other int8'],
      check: ({ variant, refused }) => expect(refused).toBe(variant === 'other' ? 'it stays' : undefined),
    },
    {
      name: 'nothing is quantized for one that the user does not want',
      model: relu,
      evidence: { otherEngines: [{ ...int8, refused: 'it is not among --ship-engines' }], constraints: { maxLoss: 0.01 } },
      tools: { optimize: unused, int8On: unused },
      variants: ['other'],
    },
    {
      name: 'nor where outputs may not change',
      model: relu,
      evidence: { otherEngines: [int8] },
      tools: { optimize: unused, int8On: unused },
      variants: ['other'],
    },
    {
      name: 'an engine with the same arithmetic may be kept, one with another only where outputs may change',
      model: relu,
      evidence: { otherEngines: [exact, half] },
      variants: ['other', 'other-half'],
      changes: /^Other 2 in (float32|bfloat16) instead of ort-cpu$/,
      check({ variant, effect, refused, setup }) {
        expect(setup.engine).toEqual({ id: variant, version: '2' })
        expect(effect).toBe(variant === 'other' ? 'rounding' : 'approximate')
        expect(refused).toBe(variant === 'other' ? undefined : 'it changes outputs: allow that with --max-loss')
      },
    },
    {
      name: 'with --max-loss, but not what the user does not want',
      model: relu,
      evidence: { otherEngines: [{ ...exact, refused: 'it is not among --ship-engines' }, half], constraints: { maxLoss: 0.01 } },
      variants: ['other', 'other-half'],
      check: ({ variant, refused }) => expect(refused).toBe(variant === 'other' ? 'it is not among --ship-engines' : undefined),
    },
    {
      name: 'one that would take one thread is tried with as many as are in use, too',
      model: relu,
      setup: { options: { threads: null } },
      evidence: { otherEngines: [lite], threadsInUse: 4 },
      variants: ['lite', 'lite 4 threads'],
      changes: /^Lite 3 on (1 thread|4 threads) instead of ort-cpu$/,
      check({ variant, setup: { engine, options } }) {
        expect(engine).toEqual({ id: 'lite', version: '3', format: 'tflite' })
        expect(options.threads).toBe(variant === 'lite' ? 1 : 4)
      },
    },
    {
      name: 'one that the file was made for is told as what it probably runs on today',
      model: relu,
      setup: { options: { threads: null } },
      evidence: { otherEngines: [{ ...lite, runsFileToday: 'Lite' }], threadsInUse: 1 },
      variants: ['lite'],
      changes: /^Lite 3 on 1 thread instead of ort-cpu \(the file probably runs on Lite today, on one thread by default\)$/,
    },
    {
      name: 'and with the number that was told alone',
      model: relu,
      setup: { options: { threads: 3 } },
      evidence: { otherEngines: [lite], threadsInUse: 3 },
      variants: ['lite'],
      changes: /^Lite 3 instead of ort-cpu$/,
      check: ({ setup: { options } }) => expect(options.threads).toBe(3),
    },
    {
      name: 'onnxruntime’s own options stay behind, the thread count goes along',
      model: relu,
      setup: { options: { threads: 1, graphOptimization: 'basic', reuseOutputs: true, configEntries: { 'session.x': '1' } } },
      evidence: { otherEngines: [exact] },
      variants: ['other'],
      check: ({ setup: { options } }) =>
        expect(options).toEqual({
          threads: 1,
          graphOptimization: 'all',
          executionMode: 'sequential',
          configEntries: {},
          packageFrom: null,
        }),
    },
  ],
  leaves: [
    { name: 'no other engine here', model: relu },
    { name: 'a model laid out for one engine', model: relu, setup: { machineBound: true }, evidence: { otherEngines: [exact] } },
  ],
})
