import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { decoderModel } from '@whyslow/generation/support/decoder/write-decoder.ts'
import type { Script } from '@whyslow/generation/support/scripted-generator.ts'
import { FOUND, MODEL, scriptedWorld as world } from '@whyslow/generation/support/scripted-world.ts'
import { modelInMemory } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { describe, expect, test } from 'vitest'
import type { GeneratorEngine } from '../../generator.ts'
import { decoderLayout } from '../../recognize/layout.ts'
import type { StepModel, StepShape } from './profile-step.ts'
import { recognizeSource } from './recognize.ts'
import type { StepGraph } from './recognized.ts'

// A token takes 10 ms, and 10 ms for each thousand tokens in the cache.
const SCRIPT: Script = { fixedMs: 10, perDepthMs: 0.01, perMoreMs: 1, openMs: 100 }

describe('the document', () => {
  test('a token at its depth, the floor, and parts that add up', async () => {
    const document = await world(SCRIPT).generate()
    // 256 tokens of prompt and 64 new ones: the mean depth of those after the first is 288.
    expect(document.speed.timePerTokenMs!.value).toBeCloseTo(12.88)
    expect(document.answer).toMatch(
      /^A token takes 12\.9 ms \(12\.9–12\.9\) after 288 tokens of context; the weights alone need 4\.00 ms/,
    )
    expect(document.floor).toMatchObject({ bytesPerSecond: 10e9, level: 'DRAM', weightsMs: 4, cacheMsPerThousand: 2 })
    expect(document.depthLine).toMatchObject({ slopeMsPerThousand: expect.closeTo(10), slopeOverFloor: expect.closeTo(5) })
    expect(document.severalTokens!.points.map(({ tokens }) => tokens)).toEqual([1, 2, 4, 8, 16])
    for (const divided of [document.tokenParts!, document.firstTokenParts!])
      expect(divided.parts.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(divided.totalMs, 9)
    expect(document.tokenParts!.parts.flatMap(({ id, ms }) => (Math.abs(ms) < 1e-9 ? [] : id))).toEqual([
      'weights',
      'cache-read',
      'engine',
      'cache-copied',
    ])
    expect(document.setup).toMatchObject({ processes: 5, prompts: 'made-up', endIgnored: true, cachedShare: 0 })
    expect(document.reasons).toMatchObject({ operators: 'there is no graph', lookup: expect.stringContaining('--prompts') })
  })

  test('estimates at three depths', async () => {
    const { estimates, reasons } = await world(SCRIPT).generate()
    expect(reasons.otherTypes).toContain('the engine shows no operators')
    const of = (what: string) =>
      estimates.filter((one) => one.what === what).map(({ depth, timePerTokenMs }) => [depth, timePerTokenMs])
    expect(of('weights in float32')).toEqual([0, 512, 2048].map((depth) => [depth, expect.closeTo(10 + depth / 100)]))
    // 4 of 12.88 ms are reading, and the engine shows no operators.
    expect(of('weights in int4')).toEqual([])
  })

  test('a cache that the engine writes in place is not said to be copied', async () => {
    const graph = viewGraph(modelInMemory(decoderModel(decoderWeights(), { attention: 'fused' })))
    const step = {
      graph,
      layout: decoderLayout(graph.inputs, graph.outputs)!,
      model: {} as StepModel,
      canBeInPlace: true,
    } as const
    const isCopied = async (engine: Partial<GeneratorEngine>, given: StepGraph) => {
      const { findings } = await world(SCRIPT, { found: { ...FOUND, step: async () => given }, engine }).generate()
      return findings.some(({ rule }) => rule === 'cache-copies')
    }
    expect(await isCopied({}, step)).toBe(true)
    expect(await isCopied({ writesInPlace: true }, { graph, layout: step.layout, model: step.model })).toBe(true)
    expect(await isCopied({ writesInPlace: true }, step)).toBe(false)
  })

  test("other types of an engine whose kernels are ONNX Runtime's, which are timed without it", async () => {
    const graph = viewGraph(modelInMemory(decoderModel(decoderWeights())))
    const layout = decoderLayout(graph.inputs, graph.outputs)!
    const found = { ...FOUND, step: async () => ({ graph, layout, model: {} as StepModel }) }
    const kernelRates = { float32: 10e9, int8: 5e9, int4: 2.5e9 }
    const of = async (engine: Partial<GeneratorEngine>) => {
      const { estimates, reasons } = await world(SCRIPT, { found, engine, kernelRates }).generate({ quick: true })
      const int4 = estimates.find(({ what, depth }) => what === 'weights in int4' && depth === 512)
      return [int4?.timePerTokenMs, reasons.otherTypes === undefined]
    }
    // 10 M elements of 0.625 bytes at 2.5 GB/s are 2.5 ms in place of the floor's 4.
    expect(await of({ usesOrtKernels: true })).toEqual([expect.closeTo(15.12 - 4 + 2.5), true])
    expect(await of({})).toEqual([undefined, false])
  })

  test('each process has prompts of its own', async () => {
    const { inputs, generate } = world(SCRIPT)
    await generate({ quick: true })
    expect(inputs.map(({ plan }) => plan.seed)).toEqual([0, 1000, 2000])
  })

  test('--quick of a slow generator has fewer processes', async () => {
    const processes = async (fixedMs: number, quick: boolean) => {
      const { inputs, generate } = world({ ...SCRIPT, fixedMs })
      const { setup } = await generate({ quick })
      expect(inputs).toHaveLength(setup.processes)
      return setup.processes
    }
    expect(await processes(10, true)).toBe(3)
    expect(await processes(200, true)).toBe(2)
    expect(await processes(2000, true)).toBe(1)
    expect(await processes(200, false)).toBe(3)
  })

  test("a package's own number of threads, above that of the CPUs, is tried once", async () => {
    const { inputs, generate } = world({ ...SCRIPT, defaultThreads: 16 })
    const { warnings, setup } = await generate({ quick: true })
    expect(setup.processes).toBe(3)
    expect(inputs.map(({ options }) => options.threads)).toEqual([null, null, null, 16])
    expect(inputs.at(-1)!.plan).toMatchObject({ promptTokens: 8, newTokens: 8, mostCalls: 0, depths: [], several: [] })
    // 10 ms and a hundredth for each of the 12 tokens in the cache; 288 of a usual call.
    expect(warnings).toEqual([
      'A scripted engine starts 16 threads by itself, more than there are CPUs, and they wait for each other: a token takes 12.9 ms with 2, which were measured; with 16 it took 10.1 ms. Name 2 in your own program',
    ])
  })

  test('an engine that does not run the graph as it is has no operators', async () => {
    const graph = viewGraph(modelInMemory(decoderModel(decoderWeights())))
    const layout = decoderLayout(graph.inputs, graph.outputs)!
    const found = { ...FOUND, step: async () => ({ graph, layout, model: {} as StepModel }) }
    const { reasons } = await world(SCRIPT, { found }).generate({ quick: true })
    expect(reasons.operators).toBe('A scripted engine shows no times of operators')
  })

  test("the user's own prompts: their length alone counts", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'prompts-'))
    const prompts = path.join(folder, 'prompts.txt')
    fs.writeFileSync(prompts, ['one two three', 'four five six seven', 'a b c d e'].join('\n'))
    const graph = viewGraph(modelInMemory(decoderModel(decoderWeights())))
    const layout = decoderLayout(graph.inputs, graph.outputs)!
    const profiled: number[][] = []
    const feeds = ({ depth, tokens }: StepShape) => {
      profiled.push([depth, tokens])
      return {}
    }
    const step = async () => ({ graph, layout, model: { feeds } as unknown as StepModel })
    const found = { ...FOUND, model: { ...MODEL, context: 300 }, step }
    const { setup, severalTokens } = await world(
      { ...SCRIPT, context: 300, encodeMs: 0 },
      { found, engine: { runsGraph: true } },
    ).generate({
      prompts,
    })
    fs.rmSync(folder, { recursive: true })
    // 4 tokens, and half of the 64 new ones; then the prompt.
    expect(profiled).toEqual([
      [36, 1],
      [0, 4],
    ])
    expect(setup.promptTokens).toBe(4)
    expect(severalTokens!.depth).toBe(4)
  })

  test('an engine that reads other weights than the file: neither its bytes nor its graph are told of it', async () => {
    const graph = viewGraph(modelInMemory(decoderModel(decoderWeights())))
    const layout = decoderLayout(graph.inputs, graph.outputs)!
    const found = { ...FOUND, step: async () => ({ graph, layout, model: {} as StepModel }) }
    const of = (engine: Partial<GeneratorEngine>) => world(SCRIPT, { found, engine })
    const other = of({ otherWeights: 'the weights of PyTorch' })
    const document = await other.generate({ quick: true, engine: 'scripted', dtype: 'bf16' })
    expect(document).toMatchObject({
      floor: null,
      model: { bytesPerToken: null, cacheBytesPerToken: null, dtype: null, layers: 2 },
      reasons: {
        floor: 'A scripted engine reads the weights of PyTorch, not the ONNX file, and their bytes are not counted',
        operators: 'A scripted engine runs the weights of PyTorch, not the ONNX file, and shows no times of operators',
      },
    })
    expect(document.findings).toEqual([])
    expect((await of({}).generate({ quick: true })).findings).not.toEqual([])
    // Names of types are those of that engine, not of files in onnx/.
    expect([other.recognizedAs, other.inputs[0]!.options.dtype]).toEqual([[null], 'bf16'])
  })

  test('a process that fails later is a warning', async () => {
    const { warnings, setup } = await world(SCRIPT, { fails: (process) => process === 2 }).generate()
    expect(setup.processes).toBe(4)
    expect(warnings).toEqual(['a process did not measure anything: it broke'])
  })

  test('an address: nothing of this machine is measured', async () => {
    const found = {
      ...FOUND,
      kind: 'address',
      source: 'http://127.0.0.1:8080/v1',
      model: { ...MODEL, kind: 'address', bytesPerToken: null, vocabulary: null, context: null },
    } as const
    const { generate, inputs } = world({ ...SCRIPT, bundle: 4, hasSteps: false, context: null }, { found })
    const document = await generate()
    expect(document).toMatchObject({ floor: null, tokenParts: null, severalTokens: null })
    expect(document.speed.timePerTokenMs!.value).toBeCloseTo(12.88, 0)
    // From outside, the line still shows what the context costs.
    expect(document.depthLine!.slopeMsPerThousand).toBeCloseTo(10, 0)
    expect(inputs[0]!.options.mostRequests * inputs.length).toBeLessThanOrEqual(40)
  })
})

test('a server that counts nothing: no time per token, and gaps are told as between chunks', async () => {
  const { generate } = world({ ...SCRIPT, bundle: 4, hasSteps: false, counts: false })
  const document = await generate({ quick: true })
  expect(document).toMatchObject({ depthLine: null, tokenParts: null, speed: { timePerTokenMs: null, tokensPerSecond: null } })
  expect(document.answer).toMatch(/^The first token takes/)
  expect(document.reasons).toMatchObject({
    timePerToken: expect.stringMatching(/does not say how many tokens a chunk holds/),
    interToken: expect.stringMatching(/between chunks of text/),
  })
})

describe('refused in a line', () => {
  test('an address without its password', async () => {
    const source = 'http://me:hunter22@127.0.0.1:1/v1'
    const found = { ...FOUND, kind: 'address', source } as const
    const { generate, trials } = world(SCRIPT, { found })
    const run: typeof trials.run = async () => ({ outcome: 'failed', reason: `${source}: nothing listens there` })
    await expect(generate({ trials: { ...trials, run } })).rejects.toThrow(
      /^http:\/\/me@127\.0\.0\.1:1\/v1: nothing listens there$/,
    )
    await expect(recognizeSource('http://me:hunter22@127.0.0.1:1/other', null)).rejects.toThrow(
      /^http:\/\/me@127\.0\.0\.1:1\/other: this does not generate text/,
    )
  })

  test.each([
    [{ engine: 'none' }, {}, '--engine none: no such engine for text generation; there are scripted'],
    [
      { engine: 'scripted' },
      { found: { ...FOUND, kind: 'gguf' } as const },
      '--engine scripted: cannot open model.onnx: it reads no GGUF',
    ],
    [{}, { found: { ...FOUND, kind: 'gguf' } as const }, 'model.onnx: no engine opens it; there are scripted'],
    [{ promptTokens: 5000 }, {}, 'more than its context of 4096; give --prompt-tokens 4032'],
    [{ newTokens: 5000, prompts: 'README.md' }, {}, '5000 new tokens after a prompt are more than its context of 4096'],
    [{}, { fails: () => true }, 'model.onnx: it broke'],
    [{ prompts: 'no-such.txt' }, {}, '--prompts no-such.txt: no such file'],
  ])('%j', async (options, given, message) => {
    await expect(world(SCRIPT, given).generate(options)).rejects.toThrow(message)
  })
})
