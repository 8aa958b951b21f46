// The time line: focal disparity over time, targets as diamonds, pulls as bands, and lanes for other data.
// It follows the playhead of the viewer ("rackfocus:frame") and moves it ("rackfocus:seek").
const GUTTER = 92; // px for the names of the rows
const EDGE = 12; // px to the right of the last frame
const RULER = 20;
const LANE = 16;
const SOUND = 26;
const GAP = 4;
const DIAMOND = 7;
const TICK = 44; // px of a time label
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

export default {
  template: `
    <div class="rf-timeline" ref="root" @wheel.prevent="zoom">
      <svg :width="size[0]" :height="size[1]" @pointerdown="press" @pointermove="drag" @pointerup="release"
           @pointercancel="held = null" @dblclick="range = null">
        <defs><clipPath id="rf-plot"><rect :x="gutter - 10" y="0" :width="plot + 20" :height="size[1]" /></clipPath>
          <clipPath id="rf-rows"><rect :x="gutter" y="0" :width="plot" :height="size[1]" /></clipPath></defs>

        <g v-for="row in rows" :class="'rf-row rf-row-' + row.kind">
          <rect :x="gutter" :y="row.top" :width="plot" :height="row.height" class="rf-row-back" />
          <text :x="gutter - 8" :y="row.top + row.height / 2" class="rf-row-name">{{ row.name }}</text>
        </g>

        <g clip-path="url(#rf-plot)">
          <g v-for="tick in ticks" class="rf-tick">
            <line :x1="tick.x" :x2="tick.x" :y1="14" :y2="size[1]" /><text :x="tick.x + 8" y="12">{{ tick.words }}</text>
          </g>
          <g clip-path="url(#rf-rows)">
            <rect v-for="[begin, arrival] in pulls" v-bind="span(begin, arrival - 1, focus)" class="rf-pull" />
            <path :d="line" class="rf-curve" />
            <g v-for="(lane, number) in lanes">
              <rect v-for="bar in lane.bars" v-bind="within(bar, laneRows[number])"
                    :class="['rf-bar', 'rf-source-' + bar[2]]"><title>{{ lane.name }}: {{ bar[0] }} to {{ bar[1] }}</title></rect>
            </g>
            <g v-if="shots">
              <rect v-for="(shot, number) in shotSpans" v-bind="span(shot[0], shot[1], shots, 1)"
                    :class="['rf-shot', { odd: number % 2 }]"><title>shot {{ number + 1 }}</title></rect>
            </g>
            <rect v-for="[first, last] in ready" v-bind="span(first, last, known)" class="rf-ready" />
            <path v-if="sound" :d="wave" class="rf-wave" />
          </g>
          <line v-for="cut in cuts" :x1="x(cut)" :x2="x(cut)" :y1="focus.top" :y2="focus.top + focus.height"
                class="rf-cut" />
          <path v-for="target in stacked" :d="diamond(target)" :data-key="target.key" :data-t="target.t" tabindex="-1"
                :class="['rf-diamond', 'rf-source-' + target.source, target.strong ? 'strong' : 'weak',
                         { selected: target.selected, outranked: !target.counting }]"><title>{{ target.words }}</title></path>
          <g class="rf-playhead" :transform="'translate(' + x(frame) + ' 0)'">
            <line y1="8" :y2="size[1]" /><path d="M-6 0h12v7l-6 6l-6 -6z" />
          </g>
        </g>
      </svg>
    </div>`,

  props: {
    frames: Number,
    fps: Number,
    targets: Array, // { key, t, source, strong, selected, counting, words }
    pulls: Array, // [first frame, frame of arrival]
    lanes: Array, // { name, bars: [[first, last, source], ...] }
    cuts: Array, // first frames of shots
    ready: Array, // [first, last] of frames whose disparity is known
    waveform: Array, // loudness 0..1, evenly spread over the video; empty without sound
  },

  // curve: focal disparity of each frame, or null.
  data: () => ({ curve: [], frame: 0, size: [900, 160], range: null, held: null }),

  computed: {
    gutter: () => GUTTER,
    plot() {
      return Math.max(50, this.size[0] - GUTTER - EDGE);
    },
    shown() {
      return this.range ?? [0, this.frames];
    },
    // From top to bottom; the curve takes the remaining height.
    rows() {
      const below = this.lanes.map((lane) => ({ kind: "lane", name: lane.name, height: LANE }));
      if (this.cuts.length) below.push({ kind: "shots", name: "shots", height: LANE });
      below.push({ kind: "ready", name: "disparity", height: 10 });
      if (this.waveform.length) below.push({ kind: "sound", name: "sound", height: SOUND });
      const taken = below.reduce((sum, row) => sum + row.height + GAP, 0);
      const rest = { kind: "focus", name: "focus", height: Math.max(44, this.size[1] - RULER - taken - 2) };
      let top = RULER;
      return [rest, ...below].map((row) => {
        const placed = { ...row, top };
        top += row.height + GAP;
        return placed;
      });
    },
    focus() {
      return this.rows[0];
    },
    laneRows() {
      return this.rows.filter((row) => row.kind === "lane");
    },
    shots() {
      return this.rows.find((row) => row.kind === "shots");
    },
    shotSpans() {
      const starts = [0, ...this.cuts];
      return starts.map((start, number) => [start, (starts[number + 1] ?? this.frames) - 1]);
    },
    known() {
      return this.rows.find((row) => row.kind === "ready");
    },
    sound() {
      return this.rows.find((row) => row.kind === "sound");
    },
    ticks() {
      const perPx = (this.shown[1] - this.shown[0]) / this.fps / this.plot;
      const step = STEPS_S.find((seconds) => seconds / perPx >= 64) ?? 600;
      const first = Math.ceil(this.shown[0] / this.fps / step);
      const last = Math.floor(this.shown[1] / this.fps / step);
      const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, number) => {
        const seconds = (first + number) * step;
        const rest = step < 1 ? (seconds % 60).toFixed(1).padStart(4, "0") : String(Math.round(seconds % 60)).padStart(2, "0");
        return { x: this.x(seconds * this.fps), words: `${Math.floor(seconds / 60)}:${rest}` };
      });
      return all.filter((tick) => tick.x + TICK < this.size[0]);
    },
    // Drawn in this order, the last on top, which receives pointer events: suggestions, user's targets, selected one.
    stacked() {
      const rank = (target) => (target.selected ? 2 : target.strong ? 1 : 0);
      return [...this.targets].sort((one, other) => rank(one) - rank(other));
    },
    extent() {
      let [least, most] = [Infinity, -Infinity];
      for (const value of this.curve) {
        if (value === null || value === undefined) continue;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      return most >= least ? [least - 0.5, most + 0.5] : [-1, 1];
    },
    // The width of a frame is its duration: it extends from its x to that of the next frame.
    // At most two values for each pixel column: the minimum and the maximum.
    line() {
      const first = Math.floor(this.shown[0]);
      const last = Math.min(this.frames - 1, Math.ceil(this.shown[1]));
      const step = Math.max(1, Math.floor((last - first) / this.plot));
      let path = "";
      let pen = "M";
      for (let frame = first; frame <= last; frame += step) {
        const values = this.curve.slice(frame, frame + step).filter((value) => value !== null && value !== undefined);
        if (!values.length) {
          pen = "M";
          continue;
        }
        for (const value of values.length > 1 ? [Math.min(...values), Math.max(...values)] : values) {
          path += `${pen}${this.x(frame).toFixed(1)} ${this.y(value).toFixed(1)}`;
          pen = "L";
        }
      }
      return path;
    },
    wave() {
      const count = this.waveform.length;
      const { top, height } = this.sound;
      const middle = top + height / 2;
      let path = "";
      for (let column = 0; column < this.plot; column += 2) {
        const [from, to] = [column, column + 2].map((at) => (this.at(GUTTER + at) / this.frames) * count);
        const loud = Math.max(0, ...this.waveform.slice(Math.floor(from), Math.max(Math.floor(from) + 1, Math.ceil(to))));
        const half = Math.max(0.5, (loud * (height - 2)) / 2);
        path += `M${GUTTER + column} ${middle - half}v${2 * half}`;
      }
      return path;
    },
  },

  mounted() {
    this.sizes = new ResizeObserver(([entry]) => {
      this.size = [Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height)];
    });
    this.sizes.observe(this.$refs.root);
    this.onFrame = (event) => {
      this.frame = event.detail;
      if (this.range && (this.frame < this.range[0] || this.frame > this.range[1])) this.around(this.frame);
    };
    window.addEventListener("rackfocus:frame", this.onFrame);
  },
  unmounted() {
    this.sizes.disconnect();
    window.removeEventListener("rackfocus:frame", this.onFrame);
  },

  methods: {
    // Replaces focal disparities, beginning at frame `first`.
    follow(first, values) {
      this.curve = Object.freeze([...this.curve.slice(0, first), ...values, ...this.curve.slice(first + values.length)]);
    },
    x(frame) {
      return GUTTER + ((frame - this.shown[0]) / (this.shown[1] - this.shown[0])) * this.plot;
    },
    at(x) {
      return this.shown[0] + ((x - GUTTER) / this.plot) * (this.shown[1] - this.shown[0]);
    },
    y(value) {
      const [least, most] = this.extent;
      const { top, height } = this.focus;
      return top + height - 6 - ((value - least) / (most - least)) * (height - 6 - 4 * DIAMOND);
    },
    span(first, last, row, inset = 0) {
      const [left, right] = [this.x(first), this.x(last + 1)];
      return { x: left, y: row.top + inset, width: Math.max(2, right - left - inset), height: row.height - 2 * inset };
    },
    within([first, last], row) {
      return { ...this.span(first, last, row), y: row.top + 3, height: row.height - 6, rx: 2 };
    },
    diamond(target) {
      const t = this.held?.key === target.key ? this.held.t : target.t;
      const size = target.selected ? DIAMOND + 2 : DIAMOND;
      return `M${this.x(t)} ${this.focus.top + DIAMOND + 5 - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`;
    },
    around(frame) {
      const length = this.range[1] - this.range[0];
      const first = Math.max(0, Math.min(this.frames - length, frame - length / 2));
      this.range = [first, first + length];
    },
    zoom(event) {
      const [first, last] = this.shown;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = ((event.deltaX || event.deltaY) / this.plot) * (last - first);
        const move = Math.max(-first, Math.min(this.frames - last, by));
        this.range = [first + move, last + move];
        return;
      }
      const length = Math.max(20, (last - first) * (event.deltaY > 0 ? 1.25 : 0.8));
      if (length >= this.frames) return (this.range = null);
      const here = Math.max(first, Math.min(last, this.at(event.offsetX)));
      const from = Math.max(0, Math.min(this.frames - length, here - ((here - first) / (last - first)) * length));
      this.range = [from, from + length];
    },
    seek(frame) {
      const to = Math.max(0, Math.min(this.frames - 1, Math.round(frame)));
      window.dispatchEvent(new CustomEvent("rackfocus:seek", { detail: to }));
      return to;
    },
    press(event) {
      if (event.button !== 0) return;
      const key = event.target.dataset.key;
      const target = this.targets.find((each) => each.key === key);
      this.held = { key, t: target?.t, from: event.offsetX, moved: false, again: target?.selected };
      if (target) this.$emit("select", { key });
      this.seek(target ? target.t : this.at(event.offsetX));
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    drag(event) {
      if (!this.held) return;
      this.held.moved ||= Math.abs(event.offsetX - this.held.from) > 3;
      if (!this.held.moved) return;
      const [first, last] = this.shown;
      const t = this.seek(Math.max(first, Math.min(last, this.at(event.offsetX))));
      if (this.held.key) this.held.t = t;
    },
    release() {
      const held = this.held;
      const target = this.targets.find((each) => each.key === held?.key);
      this.held = null;
      if (!target) return;
      if (held.moved && held.t !== target.t) this.$emit("move", { key: held.key, t: held.t });
      if (held.moved || !held.again) return;
      // A click on the selected target selects the one below it.
      const here = this.targets.filter((each) => each.t === target.t);
      this.$emit("select", { key: here[(here.indexOf(target) + 1) % here.length].key });
    },
  },
};
