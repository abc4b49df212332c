// Every command that a finding of generation prints runs as it is printed: on planted facts, with what the user chose for the measurement.
import fs from 'node:fs'
import path from 'node:path'
import { diagnoseEvidence, type MeasuredSetup } from '@whyslow/generation/diagnose.ts'
import type { GenerationEvidence } from '@whyslow/generation/facts.ts'
import { generationRules } from '@whyslow/generation/rules/index.ts'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeFolder } from '@whyslow/generation/support/decoder/write-folder.ts'
import {
  exampleEvidence,
  exampleGraph,
  exampleHead,
  exampleLine,
  exampleWeight,
  firstTokenParts,
  timed,
  tokenParts,
} from '@whyslow/generation/support/example-evidence.ts'
import { exampleGeneration } from '@whyslow/report/support/documents/example-generation.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../test/support/made-folders.ts'
import { typed } from '../test/support/example-command-line.ts'

afterAll(removeMade)

const base = scratch()
const model = writeFolder(path.join(base, 'my model'), decoderWeights())
const prompts = path.join(base, 'my prompts.txt')
fs.writeFileSync(prompts, 'a\n')

const PLANTED: Readonly<Record<string, Partial<GenerationEvidence>>> = {
  'accuracy-level-unset': { weights: [exampleWeight({ accuracyLevel: null, decodeMs: 8 })] },
  'all-position-logits': { graph: exampleGraph({ logits: 'all' }), firstTokenParts: firstTokenParts({ head: 30 }) },
  'cache-copies': { tokenParts: tokenParts({ 'cache-copied': 4 }) },
  'cache-export': { tokenParts: tokenParts({ 'cache-exported': 5 }) },
  'constant-cross-attention': { graph: exampleGraph({ constantOutputs: { names: ['present.0.encoder.key'], bytes: 20e6 } }) },
  'dequantized-per-token': { graph: exampleGraph({ constantWork: { nodes: 2, decodeMs: 4, node: '/lm_head/Cast' } }) },
  'float16-on-cpu': { graph: exampleGraph({ casts: { nodes: 4, decodeMs: 3, node: '/Cast_1' } }) },
  'float32-head': { weights: [exampleWeight(), exampleHead({ dtype: 'float32', bytes: 20e6, decodeMs: 2 })] },
  'float32-weights': {
    weights: [exampleWeight({ dtype: 'float32', operator: 'MatMul', elements: 10e6, bytes: 40e6, decodeMs: 4 })],
  },
  'quadratic-detokenization': { detokenize: { tokens: 256, earlyMs: 0.02, lateMs: 4 } },
  'recomputed-context': { graph: exampleGraph({ cache: 'none' }), depthLine: exampleLine(8, 8, 2) },
  'slow-sampler': { tokenParts: tokenParts({ sampler: 3 }) },
  'small-quantization-blocks': { weights: [exampleWeight({ blockSize: 16, scaleBytes: 40e6, bytes: 80e6, decodeMs: 8 })] },
  'thread-count': {
    threads: [
      { threads: 2, tokenMs: 10, firstTokenMs: 100 },
      { threads: 4, tokenMs: 5, firstTokenMs: 50 },
    ],
  },
  'unbatched-prefill': timed(640, 10),
  'uncached-prefix': { prefix: { tokens: 64, commonTokens: 60, alikeTokens: 60, cachedTokens: 0, different: null } },
}

const foundIn = (planted: Partial<GenerationEvidence>, setup: MeasuredSetup) =>
  diagnoseEvidence(exampleEvidence(planted), model, { setup }).findings

test('every rule that names a command is planted', () => {
  const sources = path.resolve(import.meta.dirname, '../../generation/src/rules')
  const naming = generationRules
    .map(({ id }) => id)
    .filter((id) => /fixGenerator\(|generateAgain\(/.test(fs.readFileSync(path.join(sources, `${id}.ts`), 'utf8')))
  expect(naming.sort()).toEqual(Object.keys(PLANTED).sort())
})

const SETUPS: readonly (readonly [string, MeasuredSetup])[] = [
  ['nothing', {}],
  ['all that there is', { engine: 'ort-cpu', dtype: 'fp32', prompts, python: 'python3', threads: 2, prefillThreads: 3 }],
]

describe.each(SETUPS)('with %s chosen', (_, setup) => {
  test.each(Object.entries(PLANTED))('%s', async (rule, planted) => {
    const { run } = foundIn(planted, setup).find((one) => one.rule === rule)!
    const asked: [string, Readonly<Record<string, unknown>>][] = []
    const stage = async (source: string, options: object = {}) => {
      asked.push([source, { ...options }])
      return exampleGeneration
    }
    const { exitCode, said } = await typed([run!.command, ...run!.arguments], {
      stages: () => ({ generate: stage, fixGenerator: stage }),
    })
    expect({ exitCode, said }).toMatchObject({ exitCode: 0 })
    const [source, options] = asked[0]!
    expect(source).toBe(model)
    const { threads, prefillThreads, ...kept } = setup
    expect(options).toMatchObject(kept)
    if (threads !== undefined) expect(options.threads).toBe(rule === 'thread-count' ? 4 : threads)
    if (run!.command === 'generate' && prefillThreads !== undefined) expect(options.prefillThreads).toBe(prefillThreads)
  })
})
