// What `whyslow X` becomes, by what X is.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { javascript } from '@whyslow/code/javascript/javascript.ts'
import { python } from '@whyslow/code/python/python.ts'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeDecoder } from '@whyslow/generation/support/decoder/write-decoder.ts'
import { writeLlamaGguf } from '@whyslow/generation/support/gguf/write-llama.ts'
import { writeTextEncoder } from '@whyslow/generation/support/texts/write-text-encoder.ts'
import { TORCH_ENDINGS } from '@whyslow/measure/python/torch-endings.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { CODE } from '../compose/kind-of-file.ts'
import { createProgram, documentedCommands } from '../program.ts'
import { route } from './route.ts'
import { namesOf } from './usage-line.ts'

const folder = folderOfTests()
const place = (name: string) => path.join(folder, name)
const fixture = (name: string) => path.resolve(import.meta.dirname, '../../../../fixtures', name)
for (const [name, from] of [
  ['a.onnx', 'models/credit_mlp.onnx'],
  ['b.bin', 'models/credit_lr.onnx'],
  ['packed', 'traces/torch-clean.json.gz'],
  ['trace.pb', 'traces/tensorflow-clean.xplane.pb'],
  ['nsys.sqlite', 'traces/nsys-synthetic.sqlite'],
  ['stacks.txt.gz', 'traces/py-spy-model.collapsed.txt.gz'],
  ['profile.pstats.gz', 'traces/cprofile-model.pstats.gz'],
  ['report.json', 'reports/cnn.json'],
  ['load.json', 'golden/load.document.json'],
  ['lint.json', 'golden/lint.document.json'],
] as const)
  cpSync(fixture(from), place(name))
for (const name of ['decoder.onnx', 'shorter.onnx']) writeDecoder(place(name), decoderWeights())
writeLlamaGguf(place('llama.gguf'), decoderWeights(), 'Q8_0')
writeFileSync(place('evidence.json'), gunzipSync(readFileSync(fixture('golden/cnn.evidence.json.gz'))))
writeFileSync(place('plain.json'), gunzipSync(readFileSync(fixture('traces/torch-clean.json.gz'))))
for (const name of ['old.py', 'new.py', 'app.mjs']) writeFileSync(place(name), '')
/** A zip's first entry alone. */
const zipped = (entry: string) =>
  Buffer.from(`PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(entry.length)}\0\0\0${entry}`, 'latin1')
writeFileSync(place('net.pt2'), zipped('net/models/model.json'))
writeFileSync(place('traced.pt'), Buffer.concat([zipped('net/code/__torch__.py'), zipped('net/constants.pkl')]))
writeFileSync(place('weights.pth'), zipped('archive/data.pkl'))
mkdirSync(place('fast'))
writeFileSync(
  place('fast/manifest.json'),
  JSON.stringify({
    schema: 'whyslow-folder/1',
    model: 'model.onnx',
    files: [],
    engine: { id: 'ort-cpu' },
    options: {
      session: { intraOpNumThreads: 1, graphOptimizationLevel: 'all', extra: { session: { intra_op: { allow_spinning: '0' } } } },
    },
  }),
)
mkdirSync(place('generating'))
writeFileSync(
  place('generating/manifest.json'),
  JSON.stringify({
    ...{ schema: 'whyslow-generator/1', model: 'model.onnx', files: [], engine: { id: 'ort-held' } },
    options: { threads: 2, prefillThreads: null },
  }),
)
mkdirSync(place('embedder/onnx'), { recursive: true })
writeFileSync(place('embedder/config.json'), '{"architectures":["BertModel"]}')
cpSync(place('a.onnx'), place('embedder/onnx/model.onnx'))
writeTextEncoder(place('texts'))
for (const name of ['lone', 'two/fast', 'compare', 'trees']) mkdirSync(place(name), { recursive: true })
for (const name of ['lone/net.onnx', 'compare/net.onnx', 'two/a.onnx', 'two/fast/a.onnx']) cpSync(place('a.onnx'), place(name))
for (const name of ['lone/config.json', 'trees/config.json']) writeFileSync(place(name), '{}')
writeFileSync(place('trees/credit.json'), '{"learner":{}}')
mkdirSync(place('compiled'))
writeFileSync(
  place('compiled/manifest.json'),
  JSON.stringify({
    schema: 'whyslow-folder/1',
    model: 'model.json',
    files: [],
    engine: { id: 'compiled', generated: true },
    options: {},
  }),
)

const program = createProgram({ version: '0.0.0', screen: keptScreen(), interrupt: () => new AbortController().signal })
async function routed(line: string): Promise<string> {
  const words = line.split(' ').map((word) => word.replace(/^@/, `${folder}/`))
  return (await route(words, program)).argv.join(' ').replaceAll(`${folder}/`, '@')
}

test.each([
  ['@a.onnx --quick', '@a.onnx --quick'],
  ['--quick @b.bin', '--quick @b.bin'],
  ['@a.onnx --json -', '@a.onnx --json -'],
  ['--json - @a.onnx', '--json - @a.onnx'],
  ['@old.py --python .venv', 'pipeline @old.py --python .venv'],
  ['--quick @app.mjs', 'pipeline --quick @app.mjs'],
  ['@old.py @a.onnx', 'pipeline @old.py @a.onnx'],
  ['@net.pt2 --quick', 'pipeline @net.pt2 --quick'],
  ['@traced.pt', 'pipeline @traced.pt'],
  ['@old.py:score --quick', 'pipeline @old.py --quick --call score'],
  ['@packed', 'explain @packed'],
  ['@plain.json', 'explain @plain.json'],
  ['@trace.pb', 'explain @trace.pb'],
  ['@nsys.sqlite', 'explain @nsys.sqlite'],
  ['@stacks.txt.gz', 'explain @stacks.txt.gz'],
  ['@profile.pstats.gz', 'explain @profile.pstats.gz'],
  ['@evidence.json --roofline', 'explain @evidence.json --roofline'],
  ['@report.json --no-open', 'view @report.json --no-open'],
  ['@load.json', 'view @load.json'],
  ['@lint.json', 'view @lint.json'],
  ['http://127.0.0.1:8080/predict --rate 50', 'load http://127.0.0.1:8080/predict --rate 50'],
  ['HTTPS://host/x', 'load HTTPS://host/x'],
  ['http://host/x --slo p99<9ms --html', 'load http://host/x --slo p99<9ms --html'],
  ['http://host/v1/chat/completions --rate 1', 'load http://host/v1/chat/completions --rate 1'],
  ['http://host/v1 --help', 'load http://host/v1 --help'],
  ['@fast --quick', '@fast/model.onnx --engine ort-cpu --threads 1 --session-config session.intra_op.allow_spinning=0 --quick'],
  [
    '@fast --config=session.intra_op.allow_spinning=1',
    '@fast/model.onnx --engine ort-cpu --threads 1 --config=session.intra_op.allow_spinning=1',
  ],
  ['@fast --threads 4', '@fast/model.onnx --engine ort-cpu --session-config session.intra_op.allow_spinning=0 --threads 4'],
  ['@a.onnx @b.bin --quick', 'compare @a.onnx @b.bin --quick'],
  ['@decoder.onnx', 'generate @decoder.onnx'],
  ['@embedder --quick', '@embedder/onnx/model.onnx --quick'],
  ['@texts --quick --texts mine.txt', 'embed @texts --quick --texts mine.txt'],
  ['@texts --engine ort-wasm', '@texts/onnx/model.onnx --engine ort-wasm'],
  ['@decoder.onnx @shorter.onnx', 'compare @decoder.onnx @shorter.onnx'],
  ['@a.onnx @decoder.onnx --quick', 'compare @a.onnx @decoder.onnx --quick'],
  ['@old.py @new.py', 'ab @old.py @new.py'],
  ['@old.py:score @new.py:score', 'ab @old.py:score @new.py:score'],
  ['@packed @plain.json', 'explain @packed @plain.json'],
  ['@report.json @load.json', 'view @report.json @load.json'],
  ['--quick fix @a.onnx', 'fix --quick @a.onnx'],
  ['fix @a.onnx -o fast/', 'fix @a.onnx -o fast/'],
  ['help fix', 'fix --help'],
  ['help agent', 'fleet worker --help'],
  ['help', '--help'],
  ['/?', '--help'],
  ['--help fix', 'fix --help'],
  ['version', '--version'],
  ['@service.py --help', 'pipeline @service.py --help'],
  ['agent --queue redis://h', 'fleet worker --queue redis://h'],
  ['study @report.json', 'fleet report @report.json'],
  ['foretell @a.onnx', 'fleet estimate @a.onnx'],
  ['history', 'fleet history'],
  ['why --quick -- @old.py', '--quick -- @old.py'],
  ['why @fast', '@fast'],
  ['@lone --quick', '@lone/net.onnx --quick'],
  ['why --quick -- @lone', '--quick -- @lone/net.onnx'],
  ['why @trees', '@trees/credit.json'],
  ['@two', '@two'],
  ['why @two', '@two'],
  ['@lone @a.onnx --quick', 'compare @lone/net.onnx @a.onnx --quick'],
  ['compare @trees @lone', 'compare @trees/credit.json @lone/net.onnx'],
  ['compare @two @lone', 'compare @two @lone/net.onnx'],
  ['convert @lone -o @lone', 'convert @lone/net.onnx -o @lone'],
  ['load @lone --rate 5', 'load @lone/net.onnx --rate 5'],
  ['load @fast', 'load @fast'],
  ['fleet run @lone @b.bin', 'fleet run @lone/net.onnx @b.bin'],
  ['compare @old.py @lone', 'compare @old.py @lone'],
  ['pipeline @old.py @lone', 'pipeline @old.py @lone'],
  ['fleet @a.onnx', 'fleet @a.onnx'],
])('whyslow %s', async (line, becomes) => expect(await routed(line)).toBe(becomes))

test('several generators that are not ONNX files', async () => {
  await expect(route([place('llama.gguf'), place('llama.gguf')], program)).rejects.toThrow(
    /is a generator of text: generate takes one alone; try: whyslow generate \S+llama\.gguf$/,
  )
})

test('a pickled checkpoint is refused with what to write', async () => {
  await expect(route([place('weights.pth')], program)).rejects.toThrow(
    /weights\.pth is a PyTorch checkpoint \(pickled\), which can run code when opened; let your own program open it: write model\.py/,
  )
})

test('a folder that fix wrote says what is measured; one of code has nothing to explain', async () => {
  expect((await route([place('fast')], program)).notice).toMatch(
    / is a folder that fix wrote; this measures: whyslow \S+model\.onnx --engine ort-cpu --threads 1/,
  )
  const generating = await route([place('generating')], program)
  expect(generating.notice).toMatch(/this measures: whyslow generate \S+model\.onnx --engine ort-held --threads 2$/)
  expect(generating.argv[0]).toBe('generate')
  expect((await route([place('embedder')], program)).notice).toMatch(
    /embedder holds a model that generates no text; this measures one prediction of it: whyslow \S+model\.onnx$/,
  )
  expect((await route([place('lone')], program)).notice).toMatch(
    /lone holds one model; this measures one prediction of it: whyslow \S+lone\/net\.onnx$/,
  )
  expect((await route(['why', place('lone')], program)).notice).toMatch(/^the model of \S+lone is \S+lone\/net\.onnx$/)
  await expect(route([place('compiled')], program)).rejects.toThrow(/compiled to code.*whyslow load /)
})

describe('the help', () => {
  test('lists 15 commands at most, each in a section', () => {
    const listed = program.createHelp().visibleCommands(program)
    expect(listed.length).toBeLessThanOrEqual(15)
    expect(listed.filter((one) => !one.helpGroup())).toEqual([])
  })

  test.each(documentedCommands(program).map((command) => [namesOf(command).join(' '), command] as const))(
    'of %s has 80 columns, a few flags that are not advanced, and an example that begins with its name',
    (name, command) => {
      let text = ''
      command.configureOutput({
        writeOut(more) {
          text += more
        },
      })
      command.outputHelp()
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(text).toContain(`\n  ${name} `.trimEnd())
      const shown = command.options.filter(({ hidden, helpGroupHeading }) => !hidden && helpGroupHeading !== 'Advanced:')
      // Beyond --version of the program.
      expect(shown.length).toBeLessThanOrEqual(12 + (command === program ? 1 : 0))
      const headings = [...text.matchAll(/^(Common|Inputs|Engine|Output|Advanced):$/gm)].map(([, heading]) => heading)
      expect(headings).toEqual(['Common', 'Inputs', 'Engine', 'Output', 'Advanced'].filter((one) => headings.includes(one)))
    },
  )
})

test('code is what the languages of pipeline run', () => {
  expect([...CODE, ...TORCH_ENDINGS].sort()).toEqual([...javascript.extensions, ...python.extensions].sort())
})
