"""Models of a user's own, of which some are as they should be."""

import torch
from torch import nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 4, stride=4)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=4)

    def embed(self, pictures):
        return self.down(pictures).flatten(1)

    def forward(self, pictures):
        return torch.sigmoid(self.up(self.down(pictures)))


class Pretrained(nn.Module):
    """Learns nothing: the mean colour."""

    def forward(self, pictures):
        return pictures

    def embed(self, pictures):
        return pictures.mean((2, 3))


class SmallFeatures(nn.Module):
    """Features for the perceptual loss, of weights made on the spot."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 8, 3, stride=2, padding=1)

    def forward(self, pictures):
        near = torch.relu(self.first(pictures))
        return [near, torch.relu(self.second(near))]


class WithoutEmbed(nn.Module):
    def forward(self, pictures):
        return pictures


class WantsArguments(Small):
    def __init__(self, size):
        super().__init__()


class OtherShape(Small):
    def forward(self, pictures):
        return super().forward(pictures)[:, :1]


class OneNumberForAll(Pretrained):
    def embed(self, pictures):
        return pictures.mean()


class NoModule:
    pass
