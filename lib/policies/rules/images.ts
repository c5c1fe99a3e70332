import { IMAGE_PATTERN, MAX_IMAGE } from '../../model/image.ts';
import { CONTAINERS, type Condition, VOLUMES } from '../rule.ts';

/** CEL: whether the text is an image reference, with the same grammar as everywhere. */
export function isReference(image: string): string {
  return `${image}.size() <= ${MAX_IMAGE} && ${image}.matches(r"${IMAGE_PATTERN}")`;
}

/** A condition on every image of a pod: those of containers and of image volumes. */
export function onImages(cel: (image: string) => string): [Condition, Condition] {
  return [
    {
      over: CONTAINERS,
      cel: `has(it.image) && ${cel('it.image')}`,
      field: 'image',
      found: 'it.?image.orValue("no image")',
    },
    {
      over: VOLUMES,
      cel: `!has(it.image) || (has(it.image.reference) && ${cel('it.image.reference')})`,
      field: 'image.reference',
      found: 'it.image.?reference.orValue("no image")',
    },
  ];
}
