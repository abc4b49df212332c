// The tables on the formats' pages: of each fixture the layers or operators that make its outputs, the outputs (fixtures name them by the
// options that they show), and how far they are from the maker's. scripts/format-table.mjs prints them and writes them into the pages.
import fs from 'node:fs'
import path from 'node:path'
import { filesWithOutputs, namedArrays, recordedOf } from '@whyslow/measure/support/samples/example-outputs.ts'
import { unzipSync } from 'fflate'
import { readModel } from '../../src/index.ts'
import { openHdf5 } from '../../src/keras/hdf5/hdf5-file.ts'
import { parseRecord } from '../../src/keras/json.ts'
import { isRecord, type Json, type JsonRecord } from '../../src/layers/layer-config.ts'
import { readRoot } from '../../src/tflite/flatbuffer.ts'
import { OPERATORS } from '../../src/tflite/operator-codes.ts'
import { MODEL } from '../../src/tflite/schema.ts'
import { differencesToMaker } from './check-outputs.ts'

const REPOSITORY = path.resolve(import.meta.dirname, '../../../..')

export const TABLES = ['keras', 'tfjs', 'tflite'] as const
export type TableFormat = (typeof TABLES)[number]

/** A row: what makes the outputs, and which outputs of which fixture. */
export interface TableRow {
  readonly makes: string
  readonly outputs: readonly string[]
  /** Name of the file in fixtures/formats/FORMAT. */
  readonly fixture: string
}

export const pageOf = (format: TableFormat): string => path.join(REPOSITORY, 'docs/formats', `${format}.md`)
const fileOf = (format: TableFormat, fixture: string): string => path.join(REPOSITORY, 'fixtures/formats', format, fixture)

export function rowsOf(format: TableFormat): TableRow[] {
  return filesWithOutputs(fileOf(format, '')).flatMap((file) => {
    const outputs = Object.keys(namedArrays(recordedOf(file)!, 'out/'))
    const makerOf = MAKERS[format](file)
    const byMaker = new Map<string, string[]>()
    for (const output of outputs) {
      const makes = makerOf(output)
      byMaker.set(makes, [...(byMaker.get(makes) ?? []), output])
    }
    const fixture = path.basename(file)
    return [...byMaker].flatMap(([makes, own]) => inRows(own).map((some) => ({ makes, outputs: some, fixture })))
  })
}

/** More of them make a line that nobody reads. */
const MOST_OUTPUTS = 4

const inRows = (outputs: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(outputs.length / MOST_OUTPUTS) }, (_, k) =>
    outputs.slice(k * MOST_OUTPUTS, (k + 1) * MOST_OUTPUTS),
  )

const HEAD = ['| made by | outputs | fixture | difference |', '| --- | --- | --- | --- |']
const columns = ({ makes, outputs, fixture }: TableRow): string =>
  `| ${makes} | ${outputs.join(', ')} | \`${fixture}\` |`.replaceAll('__operators__.', '')

/** The table without its figures, line by line. */
export const linesOf = (rows: readonly TableRow[]): string[] => rows.map(columns)

/** The table, the fixtures run: the largest difference of a row's outputs, as a share of the output's largest value. */
export async function measuredTable(format: TableFormat): Promise<string> {
  const measured = new Map<string, Map<string, number>>()
  const lines: string[] = []
  for (const row of rowsOf(format)) {
    const file = fileOf(format, row.fixture)
    const differences = measured.get(file) ?? (await differencesToMaker(await readModel(file), file))
    measured.set(file, differences)
    const worst = Math.max(...row.outputs.map((name) => differences.get(name)!))
    lines.push(`${columns(row)} ${worst === 0 ? '0' : worst.toExponential(1)} |`)
  }
  return [...HEAD, ...lines].join('\n')
}

/** The lines of a page's table behind its head, and the page with another one. */
export const tableIn = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    // The formatter fills cells up.
    .map((line) => line.replace(/ +\|/g, ' |'))
export function withTable(page: string, table: string): string {
  const [before, after = ''] = page.split(/^\|[\s\S]*^\|.*\n/m)
  return `${before!.trimEnd()}\n\n${table}\n${after}`
}

type MakerOf = (output: string) => string

const MAKERS: Readonly<Record<TableFormat, (file: string) => MakerOf>> = {
  keras: (file) => layerOf(kerasConfig(file)),
  tfjs: (file) => {
    const { modelTopology: topology, signature, userDefinedMetadata } = JSON.parse(fs.readFileSync(file, 'utf8'))
    const config = topology.model_config ?? topology
    return isRecord(config.config) || Array.isArray(config.config)
      ? layerOf(config)
      : nodeOf(topology.node, signature?.outputs ?? userDefinedMetadata?.signature?.outputs ?? {})
  },
  tflite: (file) => {
    const { operator_codes: codes, subgraphs } = readRoot(new Uint8Array(fs.readFileSync(file)), MODEL, file)
    const names = subgraphs[0]!.operators.map(({ opcode_index: at }) => {
      const { builtin_code, deprecated_builtin_code } = codes[at]!
      return OPERATORS[Math.max(builtin_code, deprecated_builtin_code)]!
    })
    const makes = [...new Set(names)].join(', ')
    return () => (makes === '' ? 'no operator' : makes)
  },
}

function kerasConfig(file: string): JsonRecord {
  const bytes = new Uint8Array(fs.readFileSync(file))
  const text = file.endsWith('.keras')
    ? new TextDecoder().decode(unzipSync(bytes)['config.json'])
    : openHdf5(bytes, file).attributes.get('model_config')![0]!
  return parseRecord(text, file)
}

/** Outputs are called as the layers that make them, with a number behind names that come again, or by the keys of a dictionary. */
function layerOf({ class_name: model, config }: JsonRecord): MakerOf {
  const listed = (isRecord(config) ? config.layers : config) as readonly JsonRecord[]
  const classes = new Map(listed.map((layer) => [nameOf(layer), classOf(layer)]))
  const keys = isRecord(config) && isRecord(config.output_layers) ? config.output_layers : {}
  return (output) => {
    const key = Object.hasOwn(keys, output) ? (keys[output] as readonly Json[])[0] : undefined
    return classes.get(String(key ?? output)) ?? classes.get(output.replace(/_\d+$/, '')) ?? `in ${String(model)}`
  }
}

const nameOf = ({ name, config }: JsonRecord): string => String(name ?? (isRecord(config) ? config.name : ''))

function classOf({ class_name: name, module, config }: JsonRecord): string {
  if (isRecord(config) && typeof config.function === 'string') return `tf.${config.function}`
  return typeof module === 'string' && /\.ops\./.test(module) ? `ops ${String(name)}` : String(name)
}

interface GraphNode {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
}

/** The operator behind the Identity that a signature's output names. */
function nodeOf(nodes: readonly GraphNode[], outputs: Readonly<Record<string, { readonly name: string }>>): MakerOf {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const bare = (name: string): string => name.replace(/:\d+$/, '')
  return (output) => {
    let node = byName.get(bare(outputs[output]?.name ?? output))
    while (node?.op === 'Identity' && node.input !== undefined) node = byName.get(bare(node.input[0]!))
    return node?.op ?? 'in the graph'
  }
}
