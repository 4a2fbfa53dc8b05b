"""Pictures of a world: small, headless, on the CPU.

Quality is what costs: at 84x84 MuJoCo's defaults give 9 frames a second on one core; without multisampling and shadows
89, and without reflections 131. So those three are off.
"""

from typing import Any

import mujoco
import numpy as np
from mujoco.gl_context import GLContext

NAMES = ("corner", "corner2")
SIZE = 84
"""Height and width of a picture in pixels."""

_MAX_GEOMS = 1000


class _Studio:
    """What is needed to take pictures of one task: its meshes and textures on the (software) GPU, and a scene."""

    def __init__(self, model: mujoco.MjModel) -> None:
        model.vis.global_.offwidth = model.vis.global_.offheight = SIZE
        model.vis.quality.offsamples = 0
        model.vis.quality.shadowsize = 0
        self.context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self.context)
        self.scene = mujoco.MjvScene(model, _MAX_GEOMS)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        self.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False


class Cameras:
    """Takes pictures. Keeps the last task's studio only: each holds 50 MB and takes a tenth of a second to set up."""

    def __init__(self) -> None:
        self._gl: GLContext | None = None
        self._task: str | None = None
        self._studio: _Studio | None = None

    def take(self, task: str, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, dict[str, Any]]:
        """Takes one picture with each camera, as Images of the protocol."""
        if task != self._task:
            self._move(task, model)
        return {name: _image(self._shoot(self._studio, name, model, data)) for name in NAMES}

    def close(self) -> None:
        """Gives all memory back; leaving that to the interpreter's end prints errors."""
        self._leave()
        if self._gl is not None:
            self._gl.free()
            self._gl = None

    def _move(self, task: str, model: mujoco.MjModel) -> None:
        if self._gl is None:
            self._gl = GLContext(SIZE, SIZE)
            self._gl.make_current()
        self._leave()
        self._studio = _Studio(model)
        self._task = task

    def _leave(self) -> None:
        if self._studio is not None:
            self._studio.context.free()
        self._studio = self._task = None

    @staticmethod
    def _shoot(studio: _Studio, name: str, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        camera.fixedcamid = model.camera(name).id
        whole = mujoco.MjrRect(0, 0, SIZE, SIZE)
        pixels = np.empty((SIZE, SIZE, 3), dtype=np.uint8)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, camera, everything, studio.scene)
        mujoco.mjr_render(whole, studio.scene, studio.context)
        mujoco.mjr_readPixels(pixels, None, whole, studio.context)
        # OpenGL gives the bottom row first. It stays so: MetaWorld hangs both cameras upside down, so the bottom row is
        # the top of the world, and this is the vertical flip of the rendering that miners have always been sent.
        return pixels


def _image(pixels: np.ndarray) -> dict[str, Any]:
    return {"data": pixels.tobytes(), "shape": list(pixels.shape), "dtype": "uint8"}
