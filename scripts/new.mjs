// npm run new rule <kind>/<id> (with the id alone it asks for the kind), new remedy <kind>/<id>, new format <id>, new engine [<folder>/]<id>: starts a
// peer whole: file, test, page, and its line in index.ts. Writes over nothing; a rule that shares its id with one of another kind shares its page.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'

// Its name in code is made of it, so that it starts with a letter.
const ID = '[a-z][a-z0-9]*(?:-[a-z0-9]+)*'
const RULES = ['model', 'trace', 'code', 'load', 'generation']
/** What stands before the id. */
const GROUPS = { rule: `(${RULES.join('|')})/`, remedy: '(settings|rewrites|approximate)/', engine: `(?:(${ID})/)?` }
const KINDS = { rule, remedy, format, engine }
const USAGE = `Usage: npm run new rule <kind>/<id>, such as model/memory-bound-operators; kinds: model, trace, code, load, generation
       npm run new remedy <kind>/<id>, such as rewrites/constant-folding; kinds: settings, rewrites, approximate
       npm run new format <id>, such as tflite
       npm run new engine [<folder>/]<id>, such as tfjs-wasm, or openvino/openvino-bf16 in the folder of its runtime`

/** Starts the peer in the repository at `root`. Returns the exit code, and what is printed: the files that it wrote, or why it wrote none. */
export function startPeer(root, kind, path = '') {
  const parts = new RegExp(`^${GROUPS[kind] ?? '()'}(${ID})$`).exec(path)
  if (!Object.hasOwn(KINDS, kind) || parts === null) return { status: 2, stdout: '', stderr: USAGE }
  const [, group, id] = parts
  const name = id.replace(/-(.)/g, (_, letter) => letter.toUpperCase())
  const title = id[0].toUpperCase() + id.slice(1).replaceAll('-', ' ')
  const peer = { root, group, id, name, title }
  const start = KINDS[kind](peer)
  const known = start.files.find(({ file }) => existsSync(file))
  if (known !== undefined)
    return { status: 2, stdout: '', stderr: `${relative(root, known.file)} is there already; choose another id` }
  for (const { file, text } of start.files) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  list({ imported: name, entry: `  ${name},`, end: ']', ...start })
  if (start.page) addSection(start.page)
  const written = [...start.files.map(({ file }) => file), start.index]
  return { status: 0, stdout: written.map((file) => relative(root, file)).join('\n'), stderr: '' }
}

/** Adds the import, where it belongs by name, unless the entry itself imports the peer; and the peer as the last of the list. */
function list({ index, specifier, imported, entry, end }) {
  const lines = readFileSync(index, 'utf8').split('\n')
  lines.splice(lines.indexOf(end), 0, entry)
  if (specifier !== undefined) addImport(lines, { specifier, imported })
  writeFileSync(index, lines.join('\n'))
}

/** Writes the text before the heading `before`, or at the end of a page that has none. */
function addSection({ file, text, before }) {
  const page = readFileSync(file, 'utf8')
  const at = page.indexOf(`\n${before}\n`)
  writeFileSync(file, at < 0 ? page + text : page.slice(0, at) + text + page.slice(at))
}

function addImport(lines, { specifier, imported }) {
  const specifierOf = (line) => /^import .* from '(.+)'$/.exec(line)?.[1]
  const after = lines.findIndex((line) => specifierOf(line) > specifier && specifierOf(line).startsWith('./'))
  const at = after === -1 ? lines.findLastIndex((line) => line.startsWith('import ')) + 1 : after
  lines.splice(at, 0, `import { ${imported} } from '${specifier}'`)
}

function format({ root, id, name, title }) {
  const read = `read${name[0].toUpperCase()}${name.slice(1)}`
  return {
    index: join(root, 'packages/formats/src/index.ts'),
    entry: `  ${id.includes('-') ? `'${id}'` : id}: onDemand('${read}', () => import('./${id}.ts')),`,
    end: '}',
    files: [
      {
        file: join(root, 'packages/formats/src', `${id}.ts`),
        text: `// ${title}: what the format is, and where it is specified. identify.ts must know its first bytes.
import { createHash } from 'node:crypto'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ModelProto } from 'onnx-buf'
import { readWhole } from './file.ts'
import { identify } from './identify.ts'

/** No such model is larger. */
const MOST_BYTES = 2 ** 31 - 1

/** The model in \`file\`. Throws InputError, one line, if the file cannot be read, is damaged, or holds what cannot be run. */
export async function ${read}(file: string): Promise<Model> {
  const bytes = readWhole(file, MOST_BYTES, 'larger models are not read')
  return {
    proto: graphOf(bytes, file),
    source: { file, format: '${id}', sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength },
    // By node: its name in the file.
    origins: new Map(),
    weights: new Map(),
  }
}

/** Nodes, inputs, outputs and weights of the file, as ONNX has them: see model() of @whyslow/graph/build.ts. */
function graphOf(bytes: Uint8Array, file: string): ModelProto {
  const { says, next } = identify(bytes, bytes.length, file)
  throw new InputError(\`\${file} is \${says}; \${next} (its format is not read yet)\`)
}
`,
      },
      {
        file: join(root, 'packages/formats/src', `${id}.test.ts`),
        text: `import { checkFormat } from '@whyslow/formats/support/check-format.ts'
import { ${read} } from './${id}.ts'

checkFormat(${read}, {
  format: '${id}',
  // As ../formats/${id}/NAME: files in fixtures/formats, made by the format's own tools; the script that made them is in fixtures/make.
  reads: [],
  refuses: [],
})
`,
      },
      {
        file: join(root, 'docs/formats', `${id}.md`),
        text: `# ${id}

## What is read

## What is refused, and why

## How it becomes a graph
`,
      },
    ],
  }
}

function engine({ root, group, id, name, title }) {
  const folder = group ?? id
  return {
    index: join(root, 'packages/measure/src/engines/index.ts'),
    specifier: `./${folder}/${id}.ts`,
    files: [
      {
        file: join(root, 'packages/measure/src/engines', folder, `${id}.ts`),
        text: `// ${title}: what runs the model, and where that is documented. The package is imported here, at the moment of use.
import { findPackage, placesOf } from '../find-package.ts'
import type { Availability, Engine, EngineOptions, OpenOptions, Session } from '../types.ts'

const PACKAGE = '${id}'

async function available({ packageFrom }: Pick<EngineOptions, 'packageFrom'>): Promise<Availability> {
  const found = findPackage(PACKAGE, packageFrom)
  if (found === null)
    return { ok: false, reason: \`\${PACKAGE} is not installed \${placesOf(PACKAGE, packageFrom)}\`, fix: \`npm install \${PACKAGE}\` }
  // A driver or a device that is missing is a reason, too.
  return { ok: true, version: found.version, device: 'cpu', deviceKind: 'cpu', from: found.folder, accelerators: [] }
}

async function open(_modelFile: string, { packageFrom }: OpenOptions): Promise<Session> {
  const found = findPackage(PACKAGE, packageFrom)
  if (found === null) throw new Error(\`\${PACKAGE} is not installed \${placesOf(PACKAGE, packageFrom)}\`)
  // await import(found.entry), and a session over what it gives.
  throw new Error(\`\${PACKAGE} opens no models yet\`)
}

export const ${name}: Engine = {
  id: '${id}',
  title: '${title}',
  // What it reads of itself; a model of another format is written as ONNX.
  formats: ['onnx'],
  runs: 'graph',
  package: PACKAGE,
  // What it offers in addition to predictions: see EngineOffer.
  offers: [],
  available,
  open,
}
`,
      },
      {
        file: join(root, 'packages/measure/src/engines', folder, `${id}.test.ts`),
        text: `import { availabilityHere, checkEngine } from '@whyslow/measure/support/engines/check-engine.ts'
import { ${name} } from './${id}.ts'

checkEngine({
  engine: ${name},
  availability: await availabilityHere(${name}),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  // By the name of a case of the suite: why it must fail here.
  gaps: {},
})
`,
      },
    ],
    page: {
      file: join(root, 'docs/engines.md'),
      before: '## Engines of text',
      text: `
## ${id}

<!-- What it is, and how to get it. Tolerance 1e-5 + 1e-4 × |value|. Gaps: what it cannot do. Its row in the table above. -->
`,
    },
  }
}

/** What differs between rules of a kind: the room, what a first rule reads of the evidence, and what its test is made of. */
const RULE_KINDS = {
  model: {
    ...{ room: 'packages/model/src/diagnose', needs: 'latency', whole: 'latency.p50Ms', given: 'evidence({ p50Ms: 10 })' },
    helpers: "import { checkRule, evidence } from '@whyslow/model/support/diagnose/check-rule.ts'",
  },
  trace: {
    ...{ room: 'packages/traces/src', needs: 'trace', whole: 'trace.window.stepMs', given: 'traced()' },
    helpers: "import { checkRule, traced } from '@whyslow/traces/support/check-rule.ts'",
  },
  code: {
    ...{
      room: 'packages/code/src',
      needs: 'lines',
      whole: 'latency.p50Ms',
      given: 'examplePipeline({ lines: [exampleLine()] })',
    },
    helpers: "import { checkRule, exampleLine, examplePipeline } from '@whyslow/code/support/check-rule.ts'",
  },
  load: {
    ...{ room: 'packages/serving/src/load', needs: 'parted', whole: 'parted.parts.all.latencyMs' },
    ...{ given: 'exampleEvidence([examplePoint()])' },
    helpers: "import { checkRule, exampleEvidence, examplePoint } from '@whyslow/serving/support/load/check-rule.ts'",
  },
  generation: {
    ...{ room: 'packages/generation/src', needs: 'speed', whole: 'speed.timeToFirstTokenMs.value', given: 'exampleEvidence()' },
    helpers: "import { checkRule, exampleEvidence } from '@whyslow/generation/support/check-rule.ts'",
  },
}

function rule({ root, group, id, name, title }) {
  const { room, needs, whole, given, helpers } = RULE_KINDS[group]
  const page = join(root, 'docs/findings', `${id}.md`)
  const source = `${room}/rules/${id}.ts`
  return {
    index: join(root, room, 'rules/index.ts'),
    specifier: `./${id}.ts`,
    files: [
      {
        file: join(root, source),
        text: `// What this rule knows, and where that comes from.
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { defineRule } from '../rule.ts'

export const ${name} = defineRule({
  id: '${id}',
  area: 'software',
  title: '${title}',
  needs: ['${needs}'],
  check({ ${whole.split('.')[0]} }) {
    const savingMs = 0
    if (!isWorthSaying(savingMs, ${whole})) return 'clear'
    return {
      ...tell\`Why, with the numbers: \${ms('saving', savingMs)}.\`,
      timeMs: savingMs,
      // null, with \`savingUnknown: 'why'\`, if nothing in this run says what would be saved.
      wouldSaveMs: savingMs,
      basis: 'modelled',
    }
  },
})
`,
      },
      {
        file: join(root, room, 'rules', `${id}.test.ts`),
        text: `${helpers}
import { ${name} } from './${id}.ts'

checkRule(${name}, {
  found: [
    {
      // work the numbers out here
      name: 'what is wrong',
      given: ${given},
      expect: { wouldSaveMs: 1, basis: 'modelled' },
    },
  ],
  clear: [{ name: 'what is close to it and fine', given: ${given} }],
})
`,
      },
      ...(existsSync(page)
        ? []
        : [
            {
              file: page,
              text: `# ${id}

_Software · modelled · [source](../../${source})_

## What it means

## How whyslow knows

<!-- **Counterfactual:** what the present is compared with, and how the saving follows. -->

## What to do

## Before and after

## When not to worry
`,
            },
          ]),
    ],
  }
}

function remedy({ root, group, id, name, title }) {
  const { effect, source, kindName } = remedyParts({ group, id, name, title })
  return {
    index: join(root, 'packages/model/src/remedies/index.ts'),
    specifier: `./${group}/${id}.ts`,
    files: [
      { file: join(root, 'packages/model/src/remedies', group, `${id}.ts`), text: source },
      {
        file: join(root, 'packages/model/src/remedies', group, `${id}.test.ts`),
        text: `import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '@whyslow/model/support/remedies/check-remedy.ts'
import { ${name} } from './${id}.ts'

const example = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['batch', 4])],
  outputs: [valueInfo('y', 'float32', ['batch', 4])],
})

checkRemedy(${name}, {
  applies: [{ name: 'what it changes', model: example${group === 'approximate' ? ', evidence: { constraints: { maxLoss: 0.01 } }' : ''} }],
  leaves: [{ name: 'what is close to it and must stay', model: example }],
})
`,
      },
      {
        file: join(root, 'docs/remedies', `${id}.md`),
        text: `# ${id}

_${kindName} · ${effect} · [source](../../packages/model/src/remedies/${group}/${id}.ts)_

## What it does

## Before and after

## When it pays

## What it may change

## How whyslow proves it
`,
      },
    ],
  }
}

function remedyParts({ group, id, name, title }) {
  const about = `id: '${id}',
  title: '${title}',
  // Ids of the finding rules that it treats; each of them suggests fix (test/next-commands.test.ts).
  treats: [],`
  if (group === 'settings') {
    return {
      effect: 'exact',
      kindName: 'Setting',
      source: `// What this setting does, and where that comes from.
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

export const ${name} = defineRemedy({
  ${about}
  effect: 'exact',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    // Keys that config-keys.ts does not know propose nothing.
    return proposeEntries(setup, evidence, { 'session.some_key': '1' }, { why: 'what it does, for its reader' })
  },
})
`,
    }
  }
  const effect = group === 'approximate' ? 'approximate' : 'exact'
  return {
    effect,
    kindName: 'Rewrite',
    source: `// What this rewrite does, why it is ${group === 'approximate' ? 'close' : 'right'}, and where that comes from.
import { isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

export const ${name} = defineRemedy(
  rewritingRemedy({
    ${about.replaceAll('\n', '\n  ')}
    effect: '${effect}',
    find: replacements,
    changes: ({ replaced }) => \`\${count(replaced.length, 'group')} replaced, in the reader's words\`,
    // The expected saving before the trial, ms; the kit has estimates: by fusing, by removing, by the findings, by the profile.
    saving: () => null,
  }),
)

/** Match strictly (readers, outputs of the graph, dtypes, shapes, attributes, opset); if unsure, change nothing. */
function replacements({ graph }: Matching): Replacement[] {
  const found = graph.node.filter((one) => isOperator(one, 'SomeOperator'))
  // If a value goes and another replaces it: read: new Map([[gone, inItsPlace]])
  return found.map((one) => ({ parts: [one], remove: new Set([one]), add: [] }))
}
`,
  }
}

/** The words of the command line; the kind of a rule is asked for if it is missing and somebody is there to answer. */
async function words([kind, path, ...rest]) {
  if (kind !== 'rule' || path === undefined || path.includes('/') || !process.stdin.isTTY) return [kind, path, ...rest]
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const group = await lines.question(`What does it look at: ${RULES.join(', ')}? `)
  lines.close()
  return [kind, `${group.trim()}/${path}`, ...rest]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // npm runs scripts in the package's folder.
  const { status, stdout, stderr } = startPeer(process.cwd(), ...(await words(process.argv.slice(2))))
  if (stdout !== '') console.log(stdout)
  if (stderr !== '') console.error(stderr)
  process.exitCode = status
}
