struct values values = {
	.name = "abc", .s8 = -100, .u8 = 200, .s16 = -30000, .u16 = 60000, .s32 = -2000000000, .u32 = 4000000000u,
	.s64 = -9000000000000000000LL, .u64 = 18000000000000000000ULL, .f = 1.5f, .d = -2.25, .ld = 3.125L, .yes = 1, .color = BLUE,
	.ptr = (void *)0x12345678, .l = -123456, .ul = 0x89abcdef, .b3 = -3, .b7 = 100, .b30 = -500000000, .b40 = 1000000000000ULL,
	.b24 = -8000000, .flag = 1, .bcolor = GREEN, .p = {{1, -2}, {3, -4}}, .any = 0x01020304, .matrix = {{1, 2}, {3, 4}},
};
struct odd odd = {.pad = 'x', .a = 0xabcde, .b = -4000, .c = 0x1234567890abcdefULL, .d = 'y'};
struct odd9 odd9 = {.a = 5, .b = 0xfedcba9876543210ULL, .c = 21};
struct odd3 odd3 = {.a = 0x55, .b = 0x1abcd};
