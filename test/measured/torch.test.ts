// PyTorch models from the user's own Python: divided by module, exported, compared, refused. Left out by name where no interpreter has PyTorch.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOnnx } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { torchProgram } from '@whyslow/measure/support/engines/example-torch-program.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { folders, start } from './command.ts'

const where = folders()
afterAll(() => where.remove())

/** .ci/run names one that has it. */
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const has = (packages: string): boolean => spawnSync(python, ['-c', `import ${packages}`]).status === 0
const SLOW_MS = 400_000

const file = (name: string, text: string): string => {
  const at = join(where.cwd, name)
  writeFileSync(at, text)
  return at
}
const whyslow = (...words: readonly string[]) => start(where, [...words, '--python', python]).ended
async function documentOf<D>(...words: readonly string[]): Promise<D> {
  const { status, stdout, stderr } = await whyslow(...words, '--json', '-')
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout)
}

/** A condition on a tensor: no graph has it. */
const CONDITION = torchProgram.replace(
  '        return self.last(value)',
  '        if value.sum() > 0:\n            value = value * 2\n        return self.last(value)',
)
const lineOf = (text: string, part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1

describe.skipIf(!has('torch, numpy'))('with PyTorch', { timeout: SLOW_MS, ...needs('PyTorch') }, () => {
  test('a model in training mode that tracks gradients: modules, dispatch, settings, and both findings with the line', async () => {
    // Without dropout training mode changes nothing, and is no finding.
    const text = torchProgram
      .replace('Net().eval()', 'Net()')
      .replace('return self.last(value)', 'return self.last(nn.functional.dropout(value, 0.1, self.training))')
    const report = await documentOf<ReportDocument>(file('training.py', text), '--quick', '--duration', '0.3s')
    const torch = report.pipeline!.torch!
    expect(torch).toMatchObject({ root: 'Net', training: true, gradients: true, compiled: false, device: 'cpu' })
    const names = [
      '',
      'first',
      'blocks.0',
      'blocks.0.norm',
      'blocks.0.inner',
      'blocks.1',
      'blocks.1.norm',
      'blocks.1.inner',
      'last',
    ]
    expect(torch.modules.map(({ name }) => name)).toEqual(names)
    expect(torch.modules[2]!.place).toEqual({ file: 'training.py', line: lineOf(text, 'def forward(self, value)') })
    const own = torch.modules.reduce((sum, { selfMs }) => sum + selfMs, 0)
    expect(own).toBeCloseTo(torch.p50Ms, 6)
    // 4 linear layers as addmm and a transpose, 2 norms, 2 additions, a relu.
    expect(torch.operatorsPerPrediction).toBeGreaterThanOrEqual(9)
    expect(torch.trials.map(({ id }) => id)).toEqual(expect.arrayContaining(['inference-mode', 'eval', 'bfloat16']))
    const found = report.findings.map(({ rule, places }) => [rule, places[0]?.line])
    const line = lineOf(text, 'def model()')
    expect(found).toEqual(expect.arrayContaining([['training-mode', line]]))
  })

  test('a service that calls a model: the module is found, and reads in its forward', async () => {
    const service = `${CONDITION}
net = model()

def samples():
    return [torch.ones(2, 8)]

def predict(x):
    with torch.inference_mode():
        return net(x).tolist()
`
      .replace('def model', 'def made')
      .replace('net = model()', 'net = made()')
    const report = await documentOf<ReportDocument>('pipeline', file('service.py', service), '--quick', '--duration', '0.3s')
    const { reads, ran, gradients } = report.pipeline!.torch!
    expect(gradients).toBe(false)
    expect(ran).toMatchObject({ file: 'service.py', line: lineOf(service, 'return net(x)') })
    expect(reads).toContainEqual(
      expect.objectContaining({ method: '__bool__', line: lineOf(service, 'if value.sum()'), calls: 1 }),
    )
  })

  test('no pickle is opened', async () => {
    const weights = join(where.cwd, 'weights.pth')
    spawnSync(python, ['-c', `import sys, torch; torch.save(torch.nn.Linear(2, 2), sys.argv[1])`, weights])
    const { status, stderr } = await start(where, [weights]).ended
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/weights\.pth is a PyTorch checkpoint \(pickled\).*write model\.py/),
    ])
  })

  test('an exported program and traced TorchScript are measured as they are', async () => {
    const [exported, traced] = [join(where.cwd, 'net.pt2'), join(where.cwd, 'net.pt')]
    const save = `
import sys
sys.path.insert(0, sys.argv[1])
import torch, training as given
net, example = given.model().eval(), given.example_inputs()
torch.export.save(torch.export.export(net, example), sys.argv[2])
torch.jit.save(torch.jit.trace(net, example), sys.argv[3])
`
    file('training.py', torchProgram)
    expect(spawnSync(python, ['-c', save, where.cwd, exported, traced], { encoding: 'utf8' }).status).toBe(0)
    for (const [one, root] of [
      [exported, /GraphModule|Net/],
      [traced, /ScriptModule|TopLevelTracedModule/],
    ] as const) {
      const report = await documentOf<ReportDocument>(one, '--quick', '--duration', '0.3s')
      expect(report.pipeline!.torch!.root).toMatch(root)
      expect(report.pipeline!.torch!.modules).toHaveLength(1)
    }
  })
})

describe.skipIf(!has('torch, numpy, onnx, onnxscript, onnxruntime'))(
  'with PyTorch and its exporter',
  { timeout: SLOW_MS, ...needs('PyTorch') },
  () => {
    test('convert: nodes bear the names of modules, a free batch stays free, outputs are eager mode’s', async () => {
      const program = file('model.py', `${torchProgram}\ndynamic_shapes = {'x': {0: torch.export.Dim('batch')}}\n`)
      const out = join(where.cwd, 'model.onnx')
      const { notes } = await documentOf<{ notes: readonly string[] }>('convert', program, '-o', out)
      expect(notes.join('\n')).toMatch(/exported by torch\.export of PyTorch .*on the example inputs outputs equal eager mode's/)
      const graph = viewGraph(await readOnnx(out))
      expect(graph.nodes.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['first/Gemm', 'blocks.1.norm/LayerNormalization']),
      )
      expect(graph.inputs).toMatchObject([{ name: 'x', shape: [expect.any(String), 8] }])
    })

    test('compare: eager mode and ONNX Runtime agree', async () => {
      const program = file('model.py', torchProgram)
      const words = ['compare', program, '--engines', 'python-torch,ort-cpu', '--quick', '--duration', '0.3s']
      const document = await documentOf<ComparisonDocument>(...words)
      const eager = document.contestants.find(({ id }) => id === 'python-torch')!
      expect(eager).toMatchObject({ outcome: 'measured', reason: null })
      expect(eager.agreement!.maxAbs).toBeLessThan(1e-4)
    })

    test('a model that no graph holds: one line with the place and the reason, exit code 2, nothing written', async () => {
      const program = file(
        'condition.py',
        CONDITION.replace('self.last(value)', 'self.last(value)[: int(value.abs().max().item() * 0) + 1]'),
      )
      const { status, stderr } = await whyslow('convert', program, '-o', join(where.cwd, 'none.onnx'))
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/^whyslow: condition\.py:\d+: the model cannot be exported to ONNX: .+\n$/),
      ])
    })
  },
)
