// Text from models, files and engines. It is a stranger's: it becomes text nodes alone, in an element that keeps its direction to itself,
// without characters that steer or turn, and no longer than a reader takes.
import { MOST_SHOWN, shownName, shownSentence } from './shown-name.ts'

export { escapeSteering, nodeTitle, shownName } from './shown-name.ts'

/** A name. */
export function Name({ text, most = MOST_SHOWN }: { text: string; most?: number }) {
  return (
    <bdi class="name" translate={false}>
      {shownName(text, most)}
    </bdi>
  )
}

/** A sentence that may hold names. */
export function Sentence({ text }: { text: string }) {
  return <bdi class="says">{shownSentence(text)}</bdi>
}
