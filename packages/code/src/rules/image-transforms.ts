// A chain of torchvision's transforms: ToTensor scales to new memory, Normalize copies it, and each walks all pixels.
import { tell } from '@whyslow/diagnosis/tell.ts'
import { fasterWayFindings } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const imageTransforms = defineRule({
  id: 'image-transforms',
  area: 'software',
  title: 'Image transforms copy the pixels several times',
  languages: ['python'],
  needs: ['sessions'],
  check: (evidence) => fasterWayFindings(evidence, 'image-transforms', 'image', () => tell` What is in front of them stays.`),
})
