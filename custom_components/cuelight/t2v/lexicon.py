"""The words the storyboard knows, English, Chinese and emoji. Data only; `beats` reads it."""

from enum import StrEnum


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Motion(StrEnum):
    """What a subject can do in one beat."""

    STILL = "still"
    JUMP = "jump"
    TURN = "turn"
    APPROACH = "approach"
    RETREAT = "retreat"
    FALL = "fall"
    SHAKE = "shake"
    SPIN = "spin"
    APPEAR = "appear"
    DISAPPEAR = "disappear"
    WALK = "walk"
    WALK_LEFT = "walk_left"
    WALK_RIGHT = "walk_right"
    FLASH = "flash"
    WOBBLE = "wobble"


# One line a subject: words are inflected for the plural; an underscore stands for a space.
SUBJECTS: dict[str, str] = {
    "cat": "cat kitty kitten pussycat tabby tomcat feline 猫咪 小猫 猫 🐈 🐱 😺 😸 😹 😻 😼 😽 🙀 😿 😾",
    "dog": "dog doggy puppy pup hound corgi poodle terrier labrador husky canine 小狗 狗狗 狗 犬 🐕 🐶 🦮 🐩",
    "rabbit": "rabbit bunny hare 小兔 兔子 兔 🐇 🐰",
    "bird": (
        "bird birdie sparrow robin parrot pigeon crow eagle swallow owl cockatoo 小鸟 鸟 麻雀 燕子 鹰 🐦 🐤 🐥 "
        "🐧 🦅 🦉 🦜 🕊"
    ),
    "duck": "duck duckling goose 小鸭 鸭子 鸭 🦆",
    "fish": "fish goldfish salmon shark tuna carp whale dolphin 小鱼 金鱼 鱼 🐟 🐠 🐡 🦈 🐳 🐬",
    "frog": "frog toad 青蛙 蛙 🐸",
    "person": (
        "person people man woman men women boy girl child children kid baby human guy lady dancer player runner "
        "teacher farmer king queen knight someone somebody he she 小孩 孩子 男孩 女孩 男人 女人 人 🧍 🏃 💃 🕺 "
        "🚶 👦 👧 👨 👩 🧒 🧑 👶"
    ),
    "robot": "robot android droid 机器人 🤖",
    "ball": "ball football soccer_ball basketball beachball beach_ball marble 皮球 足球 篮球 球 ⚽ 🏀 🏐 🎾 🏈 ⚾",
    "star": "star starlet 星星 星 ⭐ 🌟 ✨",
    "heart": "heart 爱心 心形 心 ❤ 💛 💚 💙 💜 🧡 💖 💗 💓 💕 🖤",
    "ghost": "ghost spirit phantom spook spectre specter 幽灵 鬼魂 鬼 👻",
    "car": "car automobile taxi cab truck van vehicle jeep 汽车 小车 轿车 卡车 出租车 车 🚗 🚕 🚙 🏎 🚓 🚚",
    "balloon": "balloon 气球 🎈",
    "rocket": "rocket spaceship spacecraft 火箭 飞船 🚀",
    "flower": "flower rose tulip daisy sunflower 花朵 花 🌸 🌻 🌷 🌹 🌼",
}

# Verbs are inflected; a phrase's first word is the verb. Nouns that mean the motion stand among them.
MOTIONS: dict[Motion, str] = {
    Motion.STILL: (
        "wait sit stand rest sleep nap doze lie pause freeze stop stay pose stare look watch still motionless "
        "stillness keep_still stand_still sit_still stay_still hold_still motionlessly 一动不动 静止 不动 停住 "
        "停下 站着 坐着 躺着 趴着 等待 等着 等 睡觉 睡着 休息 停 看着 💤 😴 🛑"
    ),
    Motion.JUMP: (
        "jump leap hop bounce spring pounce vault bound jump_up leap_up hop_up jump_over leap_over jump_around "
        "跳起来 跳起 跳上 跳下 跳过 跳跃 跳 跃起 跃 蹦 弹起"
    ),
    Motion.TURN: (
        "turn turn_around turn_round turn_back turn_left turn_right u-turn turns_its_head flip pivot about-face "
        "转身 转过身 转头 转过头 回头 回身 掉头 转过来 转向 ↩ ↪"
    ),
    Motion.APPROACH: (
        "approach come_closer come_near come_nearer come_forward come_toward come_towards come_up come "
        "get_closer move_closer move_toward move_towards walk_toward walk_towards run_toward run_towards "
        "walk_closer run_closer walk_up_to run_up_to fly_toward fly_towards swim_toward swim_towards "
        "drive_toward drive_towards zoom_in_on draw_near grow step_forward walk_forward swim_closer fly_closer "
        "走近 靠近 接近 走过来 跑过来 飞过来 游过来 开过来 过来 走来 跑来 飞来 游来 走向 跑向 奔向 变大 迎面"
    ),
    Motion.RETREAT: (
        "retreat recede leave depart withdraw back_away back_up back_off go_away move_away walk_away run_away "
        "fly_away swim_away drive_away go_back walk_off run_off fly_off step_back shrink walk_backwards "
        "move_back walk_back 后退 退后 退开 走开 走远 跑开 跑远 飞走 飞远 游走 游远 开走 开远 离开 离去 远去 "
        "远离 变小 走掉 跑掉"
    ),
    Motion.FALL: (
        "fall fall_down fall_off fall_over drop drop_down tumble tumble_down plunge plummet slip collapse trip "
        "掉下来 掉下去 掉下 掉落 掉 落下 坠落 跌落 跌倒 摔倒 摔下 摔 倒下 落 🍂"
    ),
    Motion.SHAKE: (
        "shake tremble shiver quiver vibrate shudder quake rattle jitter shake_its_head tremor 发抖 颤抖 抖动 "
        "颤动 摇晃 摇动 摇头 晃动 哆嗦 震动 抖 摇 🫨 🥶"
    ),
    Motion.SPIN: (
        "spin rotate twirl whirl pirouette revolve somersault cartwheel spin_around turn_in_a_circle "
        "turn_in_circles spin_round 旋转 转圈 打转 翻跟头 打滚 团团转 转动 自转 🔄 🌀 🔁"
    ),
    Motion.APPEAR: (
        "appear emerge materialize materialise show_up pop_up pop_out turn_up come_into_view come_out fade_in "
        "arrive 出现 现身 冒出来 冒出 浮现 显现 登场"
    ),
    Motion.DISAPPEAR: (
        "disappear vanish dissolve fade fade_away fade_out evaporate hide go_out_of_sight dematerialize 消失 "
        "不见 隐身 隐去 藏起来 躲起来 散去 💨"
    ),
    Motion.WALK_LEFT: (
        "walk_left walk_to_the_left go_left go_to_the_left move_left move_to_the_left run_left run_to_the_left "
        "fly_left fly_to_the_left swim_left swim_to_the_left drive_left drive_to_the_left roll_left "
        "roll_to_the_left slide_left slide_to_the_left step_left step_to_the_left head_left 向左走 往左走 向左跑 "
        "往左跑 向左移动 往左移动 向左飞 往左飞 向左游 往左游 向左开 往左开 向左 往左 ⬅ 👈"
    ),
    Motion.WALK_RIGHT: (
        "walk_right walk_to_the_right go_right go_to_the_right move_right move_to_the_right run_right "
        "run_to_the_right fly_right fly_to_the_right swim_right swim_to_the_right drive_right drive_to_the_right "
        "roll_right roll_to_the_right slide_right slide_to_the_right step_right step_to_the_right head_right "
        "向右走 往右走 向右跑 往右跑 向右移动 往右移动 向右飞 往右飞 向右游 往右游 向右开 往右开 向右 往右 ➡ 👉"
    ),
    Motion.WALK: (
        "walk run chase hover stroll wander march crawl creep trot gallop dash sprint swim fly glide soar drift float "
        "drive roll slide move go ride travel cross dance 走路 走 跑步 跑 奔跑 飞 游 开 滚动 滚 爬 移动 行驶 滑 飘 "
        "跳舞"
    ),
    Motion.FLASH: (
        "flash lightning thunderbolt spark_of_light flash_of_light strobe flicker flash_of_lightning glint "
        "explode explosion light_up 闪光 闪电 闪烁 一闪 闪 爆炸 ⚡ 💥 📸 🌩"
    ),
    Motion.WOBBLE: "wobble sway wiggle jiggle rock swing wave 摇摆 摆动 晃悠 扭动 挥手 👋",
}

PLACES: dict[str, str] = {
    "windowsill": "windowsill window_sill window_ledge sill window ledge 窗台 窗户 窗边 窗 🪟",
    "sea": "sea ocean beach coast shore seaside lake harbour harbor island 大海 海边 海滩 海洋 沙滩 海 湖 🌊 🏖 🏝",
    "underwater": "underwater aquarium fishbowl reef seabed under_water under_the_sea 水下 海底 水里 水中 鱼缸 🪸",
    "forest": "forest wood woods woodland jungle 森林 树林 林中 🌲 🌳 🏕",
    "street": ("street road city town sidewalk pavement avenue downtown highway 街道 街上 马路 大街 城市 路上 街 🏙 🛣"),
    "room": (
        "room bedroom kitchen living_room lounge house home indoors floor sofa couch table chair shelf "
        "房间 客厅 卧室 厨房 屋里 家里 桌子 桌 🛋 🏠"
    ),
    "meadow": "meadow field grass garden park lawn farm countryside 草地 草原 花园 公园 田野 院子 🌱 🌿 🌾",
    "snow": "snow snowy winter ice mountain 雪地 雪山 冰 冬天 雪 山 ❄ ⛄ 🏔 🗻",
    "desert": "desert dune dunes sand 沙漠 沙丘 🏜 🌵",
    "space": "space outer_space galaxy universe planet 太空 宇宙 星空 银河 🌌 🪐",
    "stage": "stage theater theatre circus spotlight 舞台 剧院 🎭 🎪",
}

HOURS: dict[str, str] = {
    "night": (
        "night midnight nighttime moonlight moonlit dark evening moon 夜晚 夜里 晚上 深夜 月光 月亮 黑夜 夜 🌙 🌃 🌕 🌛"
    ),
    "sunset": "sunset dusk sunrise dawn twilight golden_hour 日落 黄昏 夕阳 日出 黎明 🌇 🌆 🌅",
    "day": "day daytime noon morning sunny daylight 白天 早晨 中午 阳光 ☀ 🌞",
}

COLOURS: dict[str, tuple[tuple[int, int, int], str]] = {
    "red": ((214, 58, 52), "red crimson scarlet ruby 红色 红 🔴"),
    "orange": ((238, 136, 46), "orange ginger amber 橙色 橘色 橙 橘 🟠"),
    "yellow": ((246, 204, 62), "yellow golden gold lemon 黄色 金色 黄 金 🟡"),
    "green": ((92, 172, 84), "green lime emerald 绿色 绿 🟢"),
    "blue": ((66, 124, 206), "blue azure navy 蓝色 蓝 🔵"),
    "purple": ((142, 92, 190), "purple violet lilac 紫色 紫 🟣"),
    "pink": ((240, 146, 178), "pink rosy magenta 粉色 粉红 粉"),
    "brown": ((142, 96, 62), "brown chestnut tan 棕色 褐色 棕 🟤"),
    "black": ((58, 56, 66), "black ebony 黑色 黑 ⚫"),
    "white": ((244, 242, 236), "white ivory snow-white 白色 白 ⚪"),
    "grey": ((150, 152, 160), "grey gray silver 灰色 银色 灰"),
}

NEGATIONS = _words(
    """
    not never no without don't doesn't didn't isn't aren't won't cannot can't nor neither hardly
    """
)
NEGATIONS_ZH = ("没有", "不要", "不会", "从不", "不再", "并不", "不", "没", "别", "未")

NUMBERS: dict[str, int] = {
    **dict.fromkeys(("once", "一下", "一次"), 1),
    **dict.fromkeys(("twice", "two_times", "2_times", "x2", "两下", "两次", "二次"), 2),
    **dict.fromkeys(("thrice", "three_times", "3_times", "x3", "三下", "三次"), 3),
    **dict.fromkeys(("four_times", "4_times", "四下", "四次"), 4),
}

# The noun after one of these is where something happens, not who does it.
PREPOSITIONS = _words(
    """
    in on at under with of over near beside by from to into onto toward towards behind above below through
    across around against along inside outside past after upon like off
    """
)

# Words that say nothing about subject, motion or place, so that they are not reported as unknown.
STOP_WORDS = PREPOSITIONS | _words(
    """
    a an the and or but then next after before while when as so than that this these those its it his her
    hers their they is are was were be been being am do does did done has have had will would can could
    should may might must shall i we you me us my our your who whom which what where there here how why
    very really quite too also just only even suddenly quickly slowly gently softly happily quietly finally
    first second third last later soon again once twice up down left right forward backward backwards away
    around round back out off over one two three four five six some any each every all both few many much
    more most other another such same own left-hand right-hand side middle center centre little small big
    large tiny huge cute lovely beautiful pretty happy sad angry sleepy young old fluffy fat thin tall
    short long bright soft warm cold nice friendly funny playful lazy brave curious lonely good bad new
    fast slow high low moment second seconds minute while time times bit air ground camera viewer viewers
    us screen frame scene video film movie clip shot picture animation cartoon style render rendering
    high-quality quality hd 4k 8k cinematic realistic detailed background foreground light lights lit open
    closed eyes head tail body its' into
    """
)
STOP_ZH = _words(
    """
    一只 一个 一条 一位 一辆 一颗 一匹 一朵 然后 接着 之后 随后 最后 首先 突然 慢慢 忽然 这只 那只 它 他 她
    的 地 得 着 了 过 在 上 下 里 里面 上面 下面 中 和 与 跟 又 再 也 都 就 先 后 前 从 到 向 往 朝 把 被
    让 给 是 有 很 非常 可爱 大 小 一 二 两 三 个 只 条 这 那 我 们 你 起来 过来 下来 镜头 画面 来 去 时
    时候 起 并 而 且 但 以 及 、 正 正在 那里 这里 边 色
    """
)
