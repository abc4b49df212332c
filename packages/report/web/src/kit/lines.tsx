// Lines of code that a reader takes over into a file of theirs.
import { CopyButton } from './copy.tsx'
import { escapeSteering } from './name.tsx'

export function Lines({ text, label }: { text: string; label: string }) {
  return (
    <div class="command lines">
      <pre tabIndex={0} role="group" aria-label={label}>
        <bdi>
          <code translate={false}>{escapeSteering(text)}</code>
        </bdi>
      </pre>
      <CopyButton text={text} label="Copy the lines" />
    </div>
  )
}
