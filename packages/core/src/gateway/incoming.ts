import type { Inbound } from '../translate/translation.ts';
import type { Upload } from './upload.ts';

/** A request whose body may still be coming in: then `body` is empty, and `glance` says what has been read so far. */
export interface Incoming extends Inbound {
  readonly upload?: Upload;
}
