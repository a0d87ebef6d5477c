import type { Frame } from '../../bytes/framing.ts';
import type { JsonObject } from '../../json.ts';

/** An output item that is growing. `head` is what every event of it begins with. */
export interface Growing {
  readonly id: string;
  readonly index: number;
  readonly head: string;
  text: string;
}

/** The events written and the items finished so far: sequence numbers and output indexes are given out here (R3). */
export class Output {
  /** Called before an item opens: text that could have gone on in the last message no longer can. */
  beforeItem: () => void = () => undefined;
  private frames: Frame[] = [];
  private sequence = 0;
  private opened = 0;
  /** By output index; an item that is still growing leaves a hole. */
  private readonly done: JsonObject[] = [];

  /** `rest` is what follows the sequence number and begins with a comma. */
  event(type: string, rest: string): void {
    this.frames.push({ event: type, data: `{"type":"${type}","sequence_number":${this.sequence++}${rest}}` });
  }

  addItem(id: string, item: JsonObject): Growing {
    this.beforeItem();
    const index = this.opened++;
    this.event('response.output_item.added', `,"output_index":${index},"item":${JSON.stringify(item)}`);
    return { id, index, head: `,"item_id":${JSON.stringify(id)},"output_index":${index}`, text: '' };
  }

  doneItem(item: Growing, whole: JsonObject): void {
    this.done[item.index] = whole;
    this.event('response.output_item.done', `,"output_index":${item.index},"item":${JSON.stringify(whole)}`);
  }

  /** An item that comes at once: added and done, with an event of its own `between`. */
  wholeItem(item: JsonObject, between?: string): void {
    const growing = this.addItem(String(item.id), item);
    if (between) this.event(between, growing.head);
    this.doneItem(growing, item);
  }

  isNewest(item: Growing): boolean {
    return item.index === this.opened - 1;
  }

  isEmpty(): boolean {
    return this.opened === 0;
  }

  finished(): readonly JsonObject[] {
    return this.done.filter((item) => item !== undefined);
  }

  take(): readonly Frame[] {
    const frames = this.frames;
    this.frames = [];
    return frames;
  }
}
