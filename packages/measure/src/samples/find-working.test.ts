import { describe, expect, it } from 'vitest'
import { flagsOf, graphOf, input, node } from '../../test/support/samples/example-graphs.ts'
import { readRefusal } from '../engines/onnxruntime/facts/refusals.ts'
import { findWorkingInputs, guessSizes, type TryRun } from './find-working.ts'
import { NO_FLAGS } from './flags.ts'
import { adjustTo } from './input-refusals.ts'
import { resolveInputs } from './resolve.ts'
import { synthesize } from './synthetic.ts'

const image = graphOf([input('x', 'float32', ['n', 3, 'h', 'w'])])
const resolvedImage = resolveInputs(image.inputs, image, NO_FLAGS)
const adjusted = (message: string, graph = image, flags = NO_FLAGS) =>
  adjustTo(readRefusal(message), resolveInputs(graph.inputs, graph, flags))?.inputs.map(({ shape }) => shape.join('x'))

describe('adjustTo', () => {
  it('takes the size that the engine expects, and says so', () => {
    const message =
      'Got invalid dimensions for input: x for the following indices\n index: 2 Got: 224 Expected: 640\n index: 3 Got: 224 Expected: 480\n Please fix'
    expect(adjusted(message)).toEqual(['1x3x640x480'])
    expect(adjustTo(readRefusal(message), resolvedImage)!.inputs[0]!.assumed[1]).toEqual({
      text: 'axis 2 (height) = 640, as the engine asked for it',
      flag: '--shape x=1x3x640x480',
    })
  })
  it('says a flag that can be pasted, whatever the name', () => {
    const graph = graphOf([input('petal length (cm)', 'float32', ['n', 'f'])])
    const [resolved] = resolveInputs(graph.inputs, graph, NO_FLAGS).inputs
    expect(resolved!.assumed[1]!.flag).toBe("--shape 'petal length (cm)=1x1'")
  })
  it('leaves what the user said', () => {
    const message = 'Got invalid dimensions for input: x for the following indices\n index: 2 Got: 100 Expected: 640'
    expect(adjusted(message, image, flagsOf({ shape: ['x=1x3x100x100'] }))).toBeUndefined()
    expect(adjusted('something else')).toBeUndefined()
  })
  const signal = graphOf([input('ids', 'int64', ['b', 's']), input('mask', 'int64', ['b', 's'])])
  it.each([
    ['Conv: Input channels C is not equal to kernel channels * group. C: 3 kernel channels: 1 group: 1', ['1x1x224x224']],
    [
      'MatMul: Cannot split. Axis=1 Input shape={1,3} NumOutputs=2 Sum of sizes (must equal size of selected axis) was 4',
      ['1x4x224x224'],
    ],
  ])('reads channels: %s', (message, expected) => {
    const graph = graphOf([input('x', 'float32', ['n', 'c', 'h', 'w'])])
    expect(adjusted(message, graph)).toEqual(expected)
  })
  it.each([
    'Attempting to broadcast an axis by a dimension other than 1. 64 by 128\n',
    'Gather node. indices element out of data bounds, idx=64 must be within the inclusive range [-64,63]',
    'Non concat axis dimensions must match: Axis 2 has mismatched dimensions of 128 and 64',
  ])('shortens a sequence, in every input that has it: %s', (message) => {
    expect(adjusted(message, signal)).toEqual(['1x64', '1x64'])
  })
  it('keeps ids inside a table when the sequence is not to blame', () => {
    const short = resolveInputs(signal.inputs, signal, flagsOf({ shape: ['ids=1x8'] }))
    const message = 'indices element out of data bounds, idx=64 must be within the inclusive range [-30,29]'
    expect(adjustTo(readRefusal(message), short)!.inputs[0]).toMatchObject({ shape: [1, 8], below: 30 })
  })
  it('scales the sides of an image to what a Reshape or a Gemm wants', () => {
    // 512x7x7 at 224; 512x20x20 wanted, so 224*20/7 = 640.
    expect(
      adjusted('The input tensor cannot be reshaped to the requested shape. Input shape:{1,512,7,7}, requested shape:{1,204800}'),
    ).toEqual(['1x3x640x640'])
    expect(adjusted('GEMM: Dimension mismatch, W: {25088,10} K: 204800 N:10')).toEqual(['1x3x78x78']) // 224 * sqrt(25088/204800) = 78.4
  })
})

describe('guesses', () => {
  it('changes both sides together, one meaning at a time, likeliest first', () => {
    const shapes = [...guessSizes(resolvedImage)].map(({ inputs }) => inputs[0]!.shape.join('x'))
    expect(shapes.slice(0, 3)).toEqual(['1x3x640x640', '1x3x256x256', '1x3x32x32'])
    expect(new Set(shapes).size).toBe(shapes.length)
  })
})

describe('findWorkingInputs', () => {
  const tried = (run: (shapes: readonly (readonly number[])[]) => string | undefined) => {
    const shapes: string[] = []
    const tryRun: TryRun = async ({ inputs }) => {
      shapes.push(inputs.map(({ shape }) => shape.join('x')).join(' '))
      const message = run(inputs.map(({ shape }) => shape))
      return message === undefined ? { ok: true } : { ok: false, message }
    }
    return { shapes, tryRun }
  }

  it('finds the one size a LeNet takes from what its Gemm says', async () => {
    // Two 5x5 convolutions without padding, each halved after: 32 gives 5, and the first Gemm takes 16*5*5 = 400.
    const half = (side: number) => Math.floor((side - 4) / 2)
    const lenet = tried(([shape]) => {
      const columns = 16 * half(half(shape![2]!)) ** 2
      return columns === 400 ? undefined : `GEMM: Dimension mismatch, W: {400,120} K: ${columns} N:120`
    })
    const { inputs } = await findWorkingInputs(image.inputs, image, NO_FLAGS, lenet.tryRun)
    // The side may be 32 or 33: both leave 5.
    expect([32, 33]).toContain(inputs[0]!.shape[2])
    expect(lenet.shapes.length).toBeLessThanOrEqual(4)
  })
  it('goes on to other usual sizes where the message says nothing', async () => {
    const engine = tried(([shape]) => (shape![2] === 32 ? undefined : 'it does not run'))
    await findWorkingInputs(image.inputs, image, NO_FLAGS, engine.tryRun)
    expect(engine.shapes).toEqual(['1x3x224x224', '1x3x640x640', '1x3x256x256', '1x3x32x32'])
  })
  it('gives up after twelve tries with the flag to give', async () => {
    const everything = graphOf([input('x', 'float32', [null, null, 'sequence'])])
    const engine = tried(() => 'Status Message: it does not run')
    const found = findWorkingInputs(everything.inputs, everything, NO_FLAGS, engine.tryRun)
    await expect(found).rejects.toThrow(
      /input 'x' .*\(12 tried, .*: it does not run; give it: --shape x=1x<features>x<sequence>$/,
    )
  })
  it('says that no output is a tensor, rather than which inputs to change', async () => {
    const engine = tried(() => "'fetches' cannot be an empty array.")
    const outputs = [{ ...input('parts', 'float32', null), kind: 'sequence' as const }]
    await expect(findWorkingInputs(image.inputs, { ...image, outputs }, NO_FLAGS, engine.tryRun)).rejects.toThrow(
      /gives tensors, and the only output, 'parts', is a sequence; export the model with a tensor among its outputs$/,
    )
    expect(engine.shapes).toHaveLength(1)
  })
  it('ends at once where sizes are not to blame', async () => {
    const engine = tried(() => 'NOT_IMPLEMENTED : Could not find an implementation for Foo(1)')
    await expect(findWorkingInputs(image.inputs, image, NO_FLAGS, engine.tryRun)).rejects.toThrow(
      /Could not find .*; export it with operators and types that the engine has/,
    )
    expect(engine.shapes).toHaveLength(1)
  })
  it('takes smaller whole numbers where an index is out of range', async () => {
    const graph = graphOf([input('x', 'float32', [3, 5]), input('target', 'int64', [3])])
    const below: (number | undefined)[] = []
    const { inputs } = await findWorkingInputs(graph.inputs, graph, NO_FLAGS, async ({ inputs }) => {
      below.push(inputs[1]!.below)
      return inputs[1]!.below === 1
        ? { ok: true }
        : { ok: false, message: 'GatherElements op: Out of range value in index tensor' }
    })
    expect(below).toEqual([undefined, 2, 1])
    expect(synthesize(inputs, graph, 1)[0]!.target!.data).toEqual(new BigInt64Array(3))
  })
  it('asks for a value that decides what runs', async () => {
    const declared = [input('x', 'float32', [1, 4]), input('sr', 'int64', [])]
    const graph = graphOf(declared, [node('Equal', ['sr', 'rate'], ['is16k'])], { rate: { shape: [], values: [16000] } })
    const engine = tried(() => undefined)
    await expect(findWorkingInputs(declared, graph, NO_FLAGS, engine.tryRun)).rejects.toThrow(/input 'sr'.*--value sr=16000$/)
    const { inputs } = await findWorkingInputs(declared, graph, flagsOf({ value: ['sr=16000'] }), engine.tryRun)
    expect(inputs[1]!.values).toEqual([16000n])
  })
})
