// The document of a command: `--json FILE` writes it beside the text on the screen, `--json -` prints it in place of the text.
import { renderJson } from '../report/text/json.ts'
import type { Screen } from './screen.ts'
import { checkTarget, writeTarget } from './write-file.ts'

export interface DocumentOutput {
  /** Standard output takes the text; false: the document, and nothing else. */
  readonly printsText: boolean
  /** Where the document is written; undefined where it is not. */
  readonly path: string | undefined
  /**
   * Writes the document where one was asked for, prints it or the text, and says on standard error what was written. Throws UsageError
   * where the disk refuses.
   */
  deliver(screen: Screen, what: Delivery): Promise<void>
}

export interface Delivery {
  readonly document: object
  /** What the document is called where it was written. */
  readonly name: string
  readonly text: () => string
  /** What was written beside it. */
  readonly others?: readonly string[]
}

/** What `--json` asks for, tried out before anything is measured: UsageError as of `checkTarget`. `inputs`: the files that are read. */
export function documentOutput(json: string | undefined, ...inputs: readonly string[]): DocumentOutput {
  const printsText = json !== '-'
  const [target] =
    json === undefined || !printsText
      ? []
      : (inputs.length > 0 ? inputs : ['']).map((input) => checkTarget(json, '--json', input))
  return {
    printsText,
    path: target?.path,
    async deliver(screen, { document, name, text, others = [] }) {
      if (target !== undefined) writeTarget(target, renderJson(document), '--json')
      await screen.print(printsText ? text() : renderJson(document))
      const written = target === undefined ? others : [`${name}: ${json}`, ...others]
      if (written.length > 0) screen.say(`whyslow: wrote ${written.join(', ')}\n`)
    },
  }
}
