// Reading an image is often more work than looking at it.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { namedWork, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Less than that is a part among others. */
const FROM_SHARE = 0.3
const CALLEES =
  /^(PIL\.|cv2\.(im|resize)|imageio\.|skimage\.io|torchvision\.io|tensorflow\.(io|image)\.|sharp|jimp|Jimp)|\.(PngImageFile|JpegImageFile|Image)\.(resize|convert|load|thumbnail)$/

export const decodeDominates = defineRule({
  id: 'decode-dominates',
  area: 'software',
  title: 'Decoding and resizing images takes longer than the rest',
  needs: ['lines', 'patterns'],
  check(evidence) {
    const { timeMs, share: part, places } = namedWork(evidence, ['image-decode'], CALLEES)
    if (part < FROM_SHARE) return []
    return [
      {
        ...tell`Decoding and resizing takes ${ms('work', timeMs)}, ${share('share', part)} of a prediction. A decoder that shrinks while it reads (draft of Pillow, libvips, TurboJPEG), smaller images from the sender, or several at once in threads take less.`,
        timeMs,
        ...UNTRIED,
        places,
      },
    ]
  },
})
