// Reads of action.yml what its test needs: as much of YAML as that file uses.

export interface ActionStep {
  readonly name: string
  readonly id: string | null
  /** The expression of `if`. */
  readonly condition: string | null
  readonly env: Readonly<Record<string, string>>
  readonly script: string
}

/** Steps that run a script, in order. */
export function actionSteps(text: string): readonly ActionStep[] {
  const [, ...blocks] = text.slice(text.indexOf('\n  steps:\n')).split(/\n {4}- /)
  return blocks.flatMap((block) => {
    const keys = keysAt(block.replace(/^/, ' '.repeat(6)), 6)
    if (keys.run === undefined) return []
    return [
      { name: keys.name!, id: keys.id ?? null, condition: keys.if ?? null, env: keysAt(keys.env ?? '', 8), script: keys.run },
    ]
  })
}

/** Defaults of the inputs that have one. */
export function inputDefaults(text: string): Readonly<Record<string, string>> {
  const inputs = keysAt(text.slice(text.indexOf('inputs:\n') + 8, text.indexOf('\noutputs:\n')), 2)
  const found = Object.entries(inputs).map(([name, block]) => [name, keysAt(block, 4).default] as const)
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** Keys at an indentation, with their values: a scalar, the text of a block scalar, or the nested lines as they are. */
function keysAt(text: string, indentation: number): Record<string, string> {
  const starts = new RegExp(`^(?= {${indentation}}[\\w-]+:)`, 'm')
  const entries = text.split(starts).flatMap((entry): [string, string][] => {
    const [, name, value, more] = /^ *([\w-]+):[ ]?(.*)\n?([\s\S]*)$/.exec(entry) ?? []
    if (name === undefined) return []
    if (value === '') return [[name, more!]]
    const inside = new RegExp(`^ {${indentation + 2}}`, 'gm')
    return [[name, value === '|' ? `${more!.replace(inside, '').trimEnd()}\n` : unquoted(value!)]]
  })
  return Object.fromEntries(entries)
}

const unquoted = (value: string): string => (/^".*"$/.test(value) ? (JSON.parse(value) as string) : value)
